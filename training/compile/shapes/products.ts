import { broadcast, shapeText, type Rule, type Rules, type TensorType } from './rule.js';

/** Rows and columns of the last two axes, swapped when asked. */
const matrix = ({ shape }: TensorType, swapped: boolean): [rows: number, columns: number] => {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return swapped ? [columns, rows] : [rows, columns];
};

const multiply =
  (swapX: string, swapY: string): Rule =>
  ({ inputs, attribute }) => {
    const [x, y] = inputs as [TensorType, TensorType];
    const [rows, inner] = matrix(x, attribute(swapX) === true);
    const [otherInner, columns] = matrix(y, attribute(swapY) === true);
    if (inner !== otherInner) throw new Error(`shapes ${shapeText(x.shape)} and ${shapeText(y.shape)} do not multiply`);
    const leading = broadcast(x.shape.slice(0, -2), y.shape.slice(0, -2));
    return [{ shape: [...leading, rows, columns], dtype: x.dtype }];
  };

const channelAxis = (format: unknown, rank: number): number => (format === 'NCHW' ? 1 : rank - 1);

export const products: Rules = {
  MatMul: multiply('transpose_a', 'transpose_b'),
  BatchMatMul: multiply('adj_x', 'adj_y'),
  BatchMatMulV2: multiply('adj_x', 'adj_y'),
  BiasAdd({ inputs, attribute }) {
    const [x, bias] = inputs as [TensorType, TensorType];
    const channels = x.shape[channelAxis(attribute('data_format'), x.shape.length)];
    if (bias.shape.length !== 1 || bias.shape[0] !== channels) {
      throw new Error(`a bias ${shapeText(bias.shape)} does not fit ${shapeText(x.shape)}`);
    }
    return [x];
  },
  BiasAddGrad({ inputs, attribute }) {
    const { shape, dtype } = inputs[0]!;
    return [{ shape: [shape[channelAxis(attribute('data_format'), shape.length)]!], dtype }];
  },
  Einsum({ inputs, attribute }) {
    const [from, to] = (attribute('equation') as string).replace(/ /g, '').split('->') as [string, string];
    const sizes = new Map<string, number>();
    from.split(',').forEach((letters, i) => {
      if (letters.includes('.')) throw new Error('an equation with an ellipsis is not supported: write its axes out');
      [...letters].forEach((letter, axis) => sizes.set(letter, inputs[i]!.shape[axis]!));
    });
    return [{ shape: [...to].map((letter) => sizes.get(letter)!), dtype: inputs[0]!.dtype }];
  },
};

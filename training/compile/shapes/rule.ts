/** What is known of a tensor before it has values. `dtype` is TensorFlow's own number of the type. */
export interface TensorType {
  readonly shape: readonly number[];
  readonly dtype: number;
}

/** One op about to be recorded. */
export interface OpCall {
  readonly op: string;
  readonly inputs: readonly TensorType[];
  /** An attribute as tfjs passes it; undefined where the op's default holds. */
  attribute(name: string): unknown;
  /** The values of an input that was made in JavaScript (axes, sizes): flat. Throws where it is computed in the graph. */
  values(input: number): readonly number[];
  readonly outputs: number;
}

/** The outputs of an op by what is known of its inputs. Throws a sentence where the shapes do not fit the op. */
export type Rule = (call: OpCall) => readonly TensorType[];

export type Rules = Readonly<Record<string, Rule>>;

export const DTYPE = { float: 1, int32: 3, bool: 10, bfloat16: 14, int64: 9 } as const;

/** The same rule under many names. */
export const each = (ops: string, rule: Rule): Rules =>
  Object.fromEntries(
    ops
      .trim()
      .split(/\s+/)
      .map((op) => [op, rule]),
  );

export const shapeText = (shape: readonly number[]): string => `[${shape.join(', ')}]`;
export const product = (sizes: readonly number[]): number => sizes.reduce((total, size) => total * size, 1);

/** The axis counted from the front. */
export function axisOf(axis: number, rank: number): number {
  const found = axis < 0 ? axis + rank : axis;
  if (found < 0 || found >= rank) throw new Error(`axis ${axis} is outside a tensor of rank ${rank}`);
  return found;
}

/** NumPy's broadcasting of shapes. */
export function broadcast(...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const size = sizes.find((each) => each !== 1) ?? 1;
    if (sizes.some((each) => each !== 1 && each !== size)) {
      throw new Error(`shapes ${shapes.map(shapeText).join(' and ')} do not broadcast`);
    }
    return size;
  });
}

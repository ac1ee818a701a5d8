import { axisOf, each, product, shapeText, type OpCall, type Rule, type Rules } from './rule.js';

const padded: Rule = ({ inputs, values }) => {
  const { shape, dtype } = inputs[0]!;
  const paddings = values(1);
  return [{ shape: shape.map((size, axis) => size + paddings[2 * axis]! + paddings[2 * axis + 1]!), dtype }];
};

/** Parts of the first tensor along one axis. */
const cut = ({ inputs, outputs }: OpCall, input: number, axis: number, sizes: (part: number) => number) => {
  const { shape, dtype } = inputs[input]!;
  const at = axisOf(axis, shape.length);
  return Array.from({ length: outputs }, (_, part) => ({ shape: shape.with(at, sizes(part)), dtype }));
};

export const arrangement: Rules = {
  Reshape({ inputs, values }) {
    const { shape, dtype } = inputs[0]!;
    const wanted = values(1);
    const known = product(wanted.filter((size) => size !== -1));
    const found = wanted.map((size) => (size === -1 ? product(shape) / known : size));
    if (product(found) !== product(shape)) {
      throw new Error(`${shapeText(shape)} cannot be reshaped to ${shapeText(wanted)}`);
    }
    return [{ shape: found, dtype }];
  },
  Transpose({ inputs, values }) {
    const { shape, dtype } = inputs[0]!;
    return [{ shape: values(1).map((axis) => shape[axis]!), dtype }];
  },
  ExpandDims({ inputs, values }) {
    const { shape, dtype } = inputs[0]!;
    return [{ shape: shape.toSpliced(axisOf(values(1)[0]!, shape.length + 1), 0, 1), dtype }];
  },
  Squeeze({ inputs, attribute }) {
    const { shape, dtype } = inputs[0]!;
    const axes = ((attribute('squeeze_dims') as number[] | undefined) ?? []).map((axis) => axisOf(axis, shape.length));
    const leaves = (size: number, axis: number) => (axes.length > 0 ? axes.includes(axis) : size === 1);
    return [{ shape: shape.filter((size, axis) => !leaves(size, axis)), dtype }];
  },
  Tile({ inputs, values }) {
    const { shape, dtype } = inputs[0]!;
    const times = values(1);
    return [{ shape: shape.map((size, axis) => size * times[axis]!), dtype }];
  },
  BroadcastTo: ({ inputs, values }) => [{ shape: values(1), dtype: inputs[0]!.dtype }],
  ConcatV2({ inputs, values }) {
    const parts = inputs.slice(0, -1);
    const { shape, dtype } = parts[0]!;
    const axis = axisOf(values(parts.length)[0]!, shape.length);
    return [
      {
        shape: shape.with(
          axis,
          parts.reduce((total, part) => total + part.shape[axis]!, 0),
        ),
        dtype,
      },
    ];
  },
  Pack({ inputs, attribute }) {
    const { shape, dtype } = inputs[0]!;
    const axis = axisOf((attribute('axis') as number | undefined) ?? 0, shape.length + 1);
    return [{ shape: shape.toSpliced(axis, 0, inputs.length), dtype }];
  },
  Unpack({ inputs, attribute, outputs }) {
    const { shape, dtype } = inputs[0]!;
    const axis = axisOf((attribute('axis') as number | undefined) ?? 0, shape.length);
    return Array.from({ length: outputs }, () => ({ shape: shape.toSpliced(axis, 1), dtype }));
  },
  SplitV(call) {
    const sizes = call.values(1);
    return cut(call, 0, call.values(2)[0]!, (part) => sizes[part]!);
  },
  Split(call) {
    const [axis] = call.values(0) as [number];
    const { shape } = call.inputs[1]!;
    return cut(call, 1, axis, () => shape[axisOf(axis, shape.length)]! / call.outputs);
  },
  ...each('Pad PadV2', padded),
  MirrorPad: padded,
};

import { axisOf, DTYPE, each, type Rule, type Rules } from './rule.js';

const reduce: Rule = ({ inputs, values, attribute }) => {
  const { shape, dtype } = inputs[0]!;
  const axes = new Set(values(1).map((axis) => axisOf(axis, shape.length)));
  const kept = attribute('keep_dims') === true ? [1] : [];
  return [{ shape: shape.flatMap((size, axis) => (axes.has(axis) ? kept : [size])), dtype }];
};

const best: Rule = ({ inputs, values, attribute }) => {
  const { shape } = inputs[0]!;
  const axis = axisOf(values(1)[0]!, shape.length);
  const dtype = (attribute('output_type') as number | undefined) ?? DTYPE.int64;
  return [{ shape: shape.filter((_, at) => at !== axis), dtype }];
};

const lossesAndGradient: Rule = ({ inputs }) => {
  const logits = inputs[0]!;
  return [{ shape: [logits.shape[0]!], dtype: logits.dtype }, logits];
};

export const reductions: Rules = {
  ...each('Sum Mean Max Min Prod All Any', reduce),
  ...each('ArgMax ArgMin', best),
  ...each('SparseSoftmaxCrossEntropyWithLogits SoftmaxCrossEntropyWithLogits', lossesAndGradient),
  L2Loss: ({ inputs }) => [{ shape: [], dtype: inputs[0]!.dtype }],
  TopKV2({ inputs, values }) {
    const { shape, dtype } = inputs[0]!;
    const found = [...shape.slice(0, -1), values(1)[0]!];
    return [
      { shape: found, dtype },
      { shape: found, dtype: DTYPE.int32 },
    ];
  },
};

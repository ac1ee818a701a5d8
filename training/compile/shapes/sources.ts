import { DTYPE, each, type Rules } from './rule.js';

/** Ops that make a tensor out of its description. */
export const sources: Rules = {
  Fill: ({ inputs, values }) => [{ shape: values(0), dtype: inputs[1]!.dtype }],
  Range({ inputs, values }) {
    const [start, limit, step] = [values(0)[0]!, values(1)[0]!, values(2)[0]!];
    return [{ shape: [Math.max(0, Math.ceil((limit - start) / step))], dtype: inputs[0]!.dtype }];
  },
  LinSpace: ({ inputs, values }) => [{ shape: [values(2)[0]!], dtype: inputs[0]!.dtype }],
  ...each('StatelessRandomUniform StatelessRandomNormal StatelessTruncatedNormal', ({ values, attribute }) => [
    { shape: values(0), dtype: (attribute('dtype') as number | undefined) ?? DTYPE.float },
  ]),
  StatelessRandomUniformInt: ({ values, attribute }) => [{ shape: values(0), dtype: attribute('dtype') as number }],
};

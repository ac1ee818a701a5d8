import { axisOf, each, type Rules } from './rule.js';

export const indexing: Rules = {
  GatherV2({ inputs, values, attribute }) {
    const [params, indices] = inputs as [(typeof inputs)[0], (typeof inputs)[0]];
    const axis = axisOf(values(2)[0]!, params.shape.length);
    const batch = (attribute('batch_dims') as number | undefined) ?? 0;
    const shape = [...params.shape.slice(0, axis), ...indices.shape.slice(batch), ...params.shape.slice(axis + 1)];
    return [{ shape, dtype: params.dtype }];
  },
  GatherNd({ inputs }) {
    const [params, indices] = inputs as [(typeof inputs)[0], (typeof inputs)[0]];
    const shape = [...indices.shape.slice(0, -1), ...params.shape.slice(indices.shape.at(-1)!)];
    return [{ shape, dtype: params.dtype }];
  },
  ScatterNd: ({ inputs, values }) => [{ shape: values(2), dtype: inputs[1]!.dtype }],
  SparseToDense: ({ inputs, values }) => [{ shape: values(1), dtype: inputs[2]!.dtype }],
  ...each('UnsortedSegmentSum UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd', ({ inputs, values }) => {
    const [data, ids] = inputs as [(typeof inputs)[0], (typeof inputs)[0]];
    return [{ shape: [values(2)[0]!, ...data.shape.slice(ids.shape.length)], dtype: data.dtype }];
  }),
  OneHot({ inputs, values, attribute }) {
    const { shape } = inputs[0]!;
    const axis = (attribute('axis') as number | undefined) ?? -1;
    return [{ shape: shape.toSpliced(axis === -1 ? shape.length : axis, 0, values(1)[0]!), dtype: inputs[2]!.dtype }];
  },
};

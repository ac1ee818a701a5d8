import { backend, binding, tf, type DataType, type Tensor } from '../tensorflow.js';
import type { TensorType } from './shapes/rule.js';

/** Parts of tfjs-node's backend that tracing needs and its types do not show. */
interface TensorTable {
  createOutputTensor(metadata: { id: number; shape: readonly number[]; dtype: number }): Tensor;
}

/** Of a tensor that TensorFlow does not know: the backend's disposeData() then frees nothing. */
const NOWHERE = -1;

/** A tensor of a shape and type without values, for as long as a function is traced. */
export const symbolicTensor = ({ shape, dtype }: TensorType): Tensor =>
  (backend as unknown as TensorTable).createOutputTensor({ id: NOWHERE, shape: [...shape], dtype });

/** Ones, or zeros where they may be indices: values with which an op runs whose output's shape is to be learnt. */
function sample({ shape, dtype }: TensorType): Tensor {
  const name = ({ [binding.TF_INT32]: 'int32', [binding.TF_BOOL]: 'bool' } as Record<number, DataType>)[dtype];
  return name === 'int32' ? tf.zeros([...shape], 'int32') : tf.ones([...shape], name ?? 'float32');
}

/**
 * Runs an op for the shapes and types of its outputs. An input is a tensor with values, or the type of one without.
 */
export function learnOutputs(
  op: string,
  attrs: Parameters<typeof binding.executeOp>[1],
  inputs: readonly (Tensor | TensorType)[],
  outputs: number,
): TensorType[] {
  const samples: Tensor[] = [];
  const given = inputs.map((input) => {
    if ('dataId' in input) return input;
    samples.push(sample(input));
    return samples.at(-1)!;
  });
  try {
    const found = binding.executeOp(op, attrs, backend.getInputTensorIds(given), outputs);
    return found.map(({ id, shape, dtype }) => {
      binding.deleteTensor(id);
      return { shape, dtype };
    });
  } finally {
    tf.dispose(samples);
  }
}

import { mlp, type MlpActivation, type MlpConfig } from '../../models/families/mlp.js';
import type { Job } from '../../job/schema.js';
import type { Model } from '../model.js';
import { gelu } from '../ops/gelu.js';
import { linear } from '../ops/linear.js';
import { tf, type Tensor } from '../tensorflow.js';

const activations: Record<MlpActivation, (x: Tensor) => Tensor> = {
  relu: (x) => tf.relu(x),
  gelu,
  tanh: (x) => tf.tanh(x),
};

/**
 * A multi-layer perceptron over `features` (rows, inputs): dropout after each hidden layer, then a linear head. The order
 * of a layer is dense, activation, dropout. `features()` is (rows, width of the last hidden layer).
 */
export function mlpModel(config: MlpConfig, job: Job, outputs: number): Model {
  const activate = activations[config.activation];
  return {
    tensors: [...mlp.tensors(config, job), ...mlp.head(config, job, outputs)],
    inputs: (rows) => ({ features: { shape: [rows, config.inputs], dtype: 'float32' } }),
    features: (p, { features }, { dropout }) =>
      config.hidden.reduce((x, _, i) => dropout.apply(activate(linear(p, x, `layers.${i}`))), features!),
    outputs: (p, features) => linear(p, features, 'head'),
  };
}

import { cnn as family, type CnnConfig } from '../../models/families/cnn.js';
import type { Job } from '../../job/schema.js';
import type { Model } from '../model.js';
import { relu } from '../ops/activations.js';
import { addBias, conv2d } from '../ops/conv.js';
import { dense } from '../ops/dense.js';
import { maxPool } from '../ops/pool.js';
import { tf, type Tensor } from '../tensorflow.js';

/** A small network for training from random weights: features (rows, hidden) after the hidden layer; the head is linear after dropout. */
export function cnn(config: CnnConfig, job: Job, outputs: number): Model {
  const size = job.data.imageSize ?? config.imageSize;
  return {
    tensors: [...family.tensors(config, job), ...family.head(config, job, outputs)],
    inputs: (rows) => ({ pixels: { shape: [rows, size, size, config.channels], dtype: 'float32' } }),
    features(p, { pixels }) {
      const maps = config.filters.reduce<Tensor>((x, _, i) => {
        const name = `convolutions.${i}`;
        return maxPool(relu(addBias(conv2d(x, p(`${name}.weight`), 1, 'same'), p(`${name}.bias`))), 2, 2, 'valid');
      }, pixels!);
      const flat = tf.reshape(maps, [pixels!.shape[0]!, -1]);
      return relu(dense(flat, p('hidden.weight'), p('hidden.bias')));
    },
    outputs: (p, features, _inputs, pass) => dense(pass.dropout.apply(features), p('head.weight'), p('head.bias')),
  };
}

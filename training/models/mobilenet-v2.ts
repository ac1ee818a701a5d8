import { mobileNetV2 as family, type MobileNetV2Config } from '../../models/families/mobilenet-v2.js';
import type { Job } from '../../job/schema.js';
import type { Model } from '../model.js';
import { dense } from '../ops/dense.js';
import { globalAvgPool } from '../ops/pool.js';
import { tf } from '../tensorflow.js';
import { normalisedConvolution } from './normalised-convolution.js';

/** MobileNetV2 (Sandler et al., 2018): features (rows, width) are the mean over the last map; the head is linear after dropout. */
export function mobileNetV2(config: MobileNetV2Config, job: Job, outputs: number): Model {
  const size = job.data.imageSize ?? config.imageSize;
  const settings = {
    activation: config.activation,
    epsilon: config.epsilon,
    padding: (kernel: number) => (config.tfPadding ? 'same' : (kernel - 1) / 2) as 'same' | number,
  };
  return {
    tensors: [...family.tensors(config, job), ...family.head(config, job, outputs)],
    inputs: (rows) => ({ pixels: { shape: [rows, size, size, 3], dtype: 'float32' } }),
    features(p, { pixels }, pass) {
      const apply = normalisedConvolution(p, pass, settings);
      let x = config.stem.reduce(apply, pixels!);
      for (const { convolutions, residual } of config.blocks) {
        const inner = convolutions.reduce(apply, x);
        x = residual ? tf.add(x, inner) : inner;
      }
      return globalAvgPool(apply(x, config.last));
    },
    outputs: (p, features, _inputs, pass) => dense(pass.dropout.apply(features), p('head.weight'), p('head.bias')),
  };
}

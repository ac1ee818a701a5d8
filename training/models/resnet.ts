import { resNet as family, type ResNetConfig } from '../../models/families/resnet.js';
import type { Job } from '../../job/schema.js';
import type { Model } from '../model.js';
import { activations } from '../ops/activations.js';
import { dense } from '../ops/dense.js';
import { globalAvgPool, maxPool } from '../ops/pool.js';
import { tf } from '../tensorflow.js';
import { normalisedConvolution } from './normalised-convolution.js';

/** torch's default, which transformers, timm and torchvision all keep. */
const EPSILON = 1e-5;

/** ResNet (He et al., 2015): features (rows, width) are the mean over the last map; the head is linear. It has no dropout. */
export function resNet(config: ResNetConfig, job: Job, outputs: number): Model {
  const size = job.data.imageSize ?? config.imageSize;
  const activation = activations[config.activation];
  const settings = { activation: config.activation, epsilon: EPSILON, padding: (kernel: number) => (kernel - 1) / 2 };
  return {
    tensors: [...family.tensors(config, job), ...family.head(config, job, outputs)],
    inputs: (rows) => ({ pixels: { shape: [rows, size, size, 3], dtype: 'float32' } }),
    features(p, { pixels }, pass) {
      const apply = normalisedConvolution(p, pass, settings);
      let x = maxPool(apply(pixels!, config.stem), 3, 2, 1);
      for (const { convolutions, shortcut } of config.layers) {
        const inner = convolutions.reduce(apply, x);
        x = activation(tf.add(inner, shortcut === null ? x : apply(x, shortcut)));
      }
      return globalAvgPool(x);
    },
    outputs: (p, features) => dense(features, p('head.weight'), p('head.bias')),
  };
}

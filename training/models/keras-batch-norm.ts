import { ModelError } from '../../models/model-error.js';
import type { Parameters, Pass } from '../model.js';
import { withGradient } from '../ops/custom-gradient.js';
import { boolAttr, FLOAT, stringAttr, typeAttr } from '../ops/direct.js';
import { backend, binding, tf, type Tensor, type TFEOpAttr } from '../tensorflow.js';
import type { TfjsLayer } from './keras-layers.js';

const floatAttr = (name: string, value: number): TFEOpAttr => ({ name, type: binding.TF_ATTR_FLOAT, value });

/**
 * Batch normalisation (Ioffe & Szegedy, 2015) over all axes but the last of x (rows, …, channels), with a Keras layer's epsilon and
 * momentum. In training by the batch's own statistics, and the running ones become momentum · running + (1 - momentum) · batch, the
 * variance biased, as Keras has them; by the running ones where its gain (or, without one, its offset) is frozen, or it has neither.
 */
export function batchNormalization(
  layer: TfjsLayer,
  x: Tensor,
  nameOf: (weight: string) => string,
  p: Parameters,
  pass: Pass,
): Tensor {
  const { axis, epsilon, momentum, scale, center } = layer.getConfig() as Record<string, number | boolean>;
  if (axis !== -1 && axis !== x.shape.length - 1) {
    throw new ModelError(`model: ${layer.name}: expected normalisation over the last axis, found axis ${String(axis)}`);
  }
  const channels = x.shape.at(-1)!;
  const gain = scale === false ? tf.ones([channels]) : p(nameOf('gamma'));
  const offset = center === false ? tf.zeros([channels]) : p(nameOf('beta'));
  const [meanName, varianceName] = [nameOf('moving_mean'), nameOf('moving_variance')];
  const [mean, variance] = [p(meanName), p(varianceName)];
  const deciding = scale === false ? (center === false ? null : 'beta') : 'gamma';
  const byBatch = pass.training && deciding !== null && !pass.isFrozen(nameOf(deciding));

  const maps = x.shape.length === 4 ? x : tf.reshape(x, [x.size / channels, 1, 1, channels]);
  const attrs = attributes(Number(epsilon), byBatch);
  // Called outside withGradient, which disposes of all that is not its value: the new statistics must outlive it.
  const [y, batchMean, batchVariance, first, second, third] = backend.executeMultipleOutputs(
    'FusedBatchNormV3',
    [...attrs, floatAttr('exponential_avg_factor', 1)],
    [maps, gain, offset, mean, variance],
    6,
  ) as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  if (byBatch) {
    const count = x.size / channels;
    const running = (before: Tensor, batch: Tensor, factor = 1) =>
      tf.add(tf.mul(before, Number(momentum)), tf.mul(batch, (1 - Number(momentum)) * factor));
    pass.update(meanName, running(mean, batchMean));
    // The op gives the unbiased variance.
    pass.update(varianceName, running(variance, batchVariance, (count - 1) / count));
  }
  const [savedMean, savedVariance] = byBatch ? [first, second] : [mean, variance];
  const value = withGradient([maps, gain, offset], (maps, gain) => ({
    value: y,
    saved: [maps!, gain!, savedMean, savedVariance, third],
    backward: (dy, [maps, gain, savedMean, savedVariance, third]) =>
      backend
        .executeMultipleOutputs(
          'FusedBatchNormGradV3',
          attrs,
          [dy, maps!, gain!, savedMean!, savedVariance!, third!],
          5,
        )
        .slice(0, 3),
  }));
  return x.shape.length === 4 ? value : tf.reshape(value, x.shape);
}

const attributes = (epsilon: number, training: boolean): TFEOpAttr[] => [
  typeAttr('T', FLOAT),
  typeAttr('U', FLOAT),
  floatAttr('epsilon', epsilon),
  stringAttr('data_format', 'NHWC'),
  boolAttr('is_training', training),
];

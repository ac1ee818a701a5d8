import { backend, binding, deviceKind, tf, type Tensor, type TFEOpAttr } from '../tensorflow.js';
import { withGradient } from './custom-gradient.js';
import { boolAttr, FLOAT, stringAttr, typeAttr } from './direct.js';

const floatAttr = (name: string, value: number): TFEOpAttr => ({ name, type: binding.TF_ATTR_FLOAT, value });

/** Share of a batch's statistics in the running ones after one step: torch's default. */
const MOMENTUM = 0.1;

export interface Statistics {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/**
 * Batch normalisation (Ioffe & Szegedy, 2015) over all axes but the last of x (rows, height, width, channels).
 *
 * `batch`: by the batch's own mean and variance; `updated` is what the running statistics become, (1 - 0.1) · running + 0.1 ·
 * batch, the variance unbiased, as torch has them. Otherwise by the running statistics, which stay as they are.
 */
export function batchNorm(
  x: Tensor,
  gain: Tensor,
  bias: Tensor,
  running: Statistics,
  epsilon: number,
  by: 'batch' | 'running',
): { value: Tensor; updated: Statistics } {
  const training = by === 'batch';
  if (!training && deviceKind() === 'gpu') {
    return { value: normalisedInOps(x, gain, bias, running, epsilon), updated: running };
  }
  const attrs = [
    typeAttr('T', FLOAT),
    typeAttr('U', FLOAT),
    floatAttr('epsilon', epsilon),
    stringAttr('data_format', 'NHWC'),
    boolAttr('is_training', training),
  ];
  // Called outside withGradient, which disposes of all that is not its value: the new statistics must outlive it.
  const [y, mean, variance, ...reserved] = backend.executeMultipleOutputs(
    'FusedBatchNormV3',
    [...attrs, floatAttr('exponential_avg_factor', training ? MOMENTUM : 1)],
    [x, gain, bias, running.mean, running.variance],
    6,
  ) as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  const [first, second] = training ? [reserved[0]!, reserved[1]!] : [running.mean, running.variance];
  const value = withGradient([x, gain, bias], (x, gain) => ({
    value: y,
    saved: [x!, gain!, first, second, reserved[2]!],
    backward: (dy, [x, gain, first, second, third]) =>
      backend
        .executeMultipleOutputs('FusedBatchNormGradV3', attrs, [dy, x!, gain!, first!, second!, third!], 5)
        .slice(0, 3),
  }));
  return { value, updated: training ? { mean, variance } : running };
}

/**
 * By the running statistics, op by op: on a GPU the gradient of TensorFlow's one op for it has no fixed order of its sums and is
 * refused (TF_DETERMINISTIC_OPS).
 */
export const normalisedInOps = (x: Tensor, gain: Tensor, bias: Tensor, running: Statistics, epsilon: number): Tensor =>
  withGradient([x, gain, bias], (x, gain, bias) => {
    const inverse = tf.rsqrt(tf.add(running.variance, epsilon)); // (channels)
    const normalised = tf.mul(tf.sub(x!, running.mean), inverse);
    const axes = [...x!.shape.keys()].slice(0, -1);
    return {
      value: tf.add(tf.mul(normalised, gain!), bias!),
      saved: [normalised, tf.mul(gain!, inverse)],
      backward: (dy, [normalised, slope]) => [
        tf.mul(dy, slope!),
        tf.sum(tf.mul(dy, normalised!), axes),
        tf.sum(dy, axes),
      ],
    };
  });

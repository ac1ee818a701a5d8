import { tf, type Tensor } from '../tensorflow.js';
import { withGradient } from './custom-gradient.js';
import { biasAddGrad } from './direct.js';

/**
 * Layer normalisation over the last axis of x (rows, width) with gain and bias (width): Ba et al., 2016.
 * The gradient is the closed form over the normalised values, a third of the ops of the composed one.
 */
export const layerNorm = (x: Tensor, gain: Tensor, bias: Tensor, epsilon: number): Tensor =>
  withGradient([x, gain, bias], (x, gain, bias) => {
    const centred = tf.sub(x!, tf.mean(x!, -1, true));
    const inverseStd = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon)); // (rows, 1)
    const normalised = tf.mul(centred, inverseStd);
    return {
      value: tf.add(tf.mul(normalised, gain!), bias!),
      saved: [normalised, inverseStd, gain!],
      backward: (dy, [normalised, inverseStd, gain]) => {
        const dyTimesNormalised = tf.mul(dy, normalised!);
        const scaled = tf.mul(dy, gain!);
        const projection = tf.mean(tf.mul(scaled, normalised!), -1, true); // (rows, 1)
        const dx = tf.mul(
          inverseStd!,
          tf.sub(tf.sub(scaled, tf.mean(scaled, -1, true)), tf.mul(normalised!, projection)),
        );
        return [dx, biasAddGrad(dyTimesNormalised), biasAddGrad(dy)];
      },
    };
  });

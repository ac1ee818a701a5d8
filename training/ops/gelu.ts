import { tf, type Tensor } from '../tensorflow.js';
import { withGradient } from './custom-gradient.js';

const INVERSE_SQRT_2 = Math.SQRT1_2;
const INVERSE_SQRT_2_PI = 1 / Math.sqrt(2 * Math.PI);

/** x · Φ(x), Φ the normal distribution function: the exact GELU of Hendrycks & Gimpel, 2016, as BERT uses it. */
export const gelu = (x: Tensor): Tensor =>
  withGradient([x], (x) => {
    const cdf = tf.mul(tf.add(tf.erf(tf.mul(x!, INVERSE_SQRT_2)), 1), 0.5);
    return {
      value: tf.mul(x!, cdf),
      saved: [x!, cdf],
      backward: (dy, [x, cdf]) => {
        const density = tf.mul(tf.exp(tf.mul(tf.square(x!), -0.5)), INVERSE_SQRT_2_PI);
        return [tf.mul(dy, tf.add(cdf!, tf.mul(x!, density)))];
      },
    };
  });

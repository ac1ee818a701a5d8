import { tf, type Tensor } from '../tensorflow.js';
import { withGradient } from './custom-gradient.js';

/** x · sigmoid(SLOPE · x + CUBIC · x³): ½ (1 + tanh u) is sigmoid(2u). */
const SLOPE = 2 * Math.sqrt(2 / Math.PI);
const CUBIC = SLOPE * 0.044715;

/**
 * GELU by its tanh approximation (Hendrycks & Gimpel, 2016), transformers' `gelu_new`:
 * ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))). Written with a sigmoid, which saves two passes over x each way.
 */
export const geluTanh = (x: Tensor): Tensor =>
  withGradient([x], (x) => {
    const squared = tf.square(x!);
    const gate = tf.sigmoid(tf.mul(x!, tf.add(tf.mul(squared, CUBIC), SLOPE)));
    const value = tf.mul(x!, gate);
    return {
      value,
      saved: [squared, gate, value],
      backward: (dy, [squared, gate, value]) => {
        const slope = tf.add(tf.mul(squared!, 3 * CUBIC), SLOPE); // of the sigmoid's argument
        const rest = tf.sub(value!, tf.mul(value!, gate!)); // x · gate · (1 - gate)
        return [tf.mul(dy, tf.add(gate!, tf.mul(rest, slope)))];
      },
    };
  });

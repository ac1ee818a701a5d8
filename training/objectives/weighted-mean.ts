import { withGradient } from '../ops/custom-gradient.js';
import { tf, type Tensor } from '../tensorflow.js';

/**
 * sum(w·l) / normaliser, of losses and weights (n). The normaliser (scalar) is the weight of the whole effective batch, so that
 * the losses and gradients of the batches accumulated into one step add up to its mean.
 */
export const weightedMean = (losses: Tensor, weights: Tensor, normaliser: Tensor): Tensor =>
  withGradient([losses], (losses) => {
    const share = tf.div(weights, normaliser); // (n)
    return {
      value: tf.sum(tf.mul(losses!, share)),
      saved: [share],
      backward: (dy, [share]) => [tf.mul(share!, dy)],
    };
  });

import { tf, type Tensor } from '../tensorflow.js';
import { withGradient } from './custom-gradient.js';
import { sparseCrossEntropy } from './direct.js';

/**
 * Mean cross-entropy of logits (rows, classes) against labels (rows, int32), weighted by row: sum(w·l) / sum(w). Rows
 * that only fill up a batch weigh 0, so the last batch of an epoch counts its real examples and no others.
 */
export const meanCrossEntropy = (logits: Tensor, labels: Tensor, rowWeights: Tensor): Tensor =>
  withGradient([logits], (logits) => {
    const [losses, gradient] = sparseCrossEntropy(logits!, labels);
    const share = tf.div(rowWeights, tf.sum(rowWeights)); // (rows)
    return {
      value: tf.sum(tf.mul(losses, share)),
      saved: [gradient, share],
      backward: (dy, [gradient, share]) => [tf.mul(gradient!, tf.mul(tf.reshape(share!, [-1, 1]), dy))],
    };
  });

import { withGradient } from '../ops/custom-gradient.js';
import { tf, type Tensor } from '../tensorflow.js';
import type { Objective } from './objective.js';
import { multiLabelTargets } from './targets.js';

/** Binary cross-entropy of every class by itself over its sigmoid, and the mean over the classes. */
export const binaryObjective = (classes: number): Objective => ({
  targets: multiLabelTargets(classes),
  losses: (outputs, { labels }) => binaryCrossEntropy(outputs, labels!),
});

/** As torch.nn.BCEWithLogitsLoss, its mean taken over the classes alone: logits and labels (n, classes) give (n). */
export const binaryCrossEntropy = (logits: Tensor, labels: Tensor): Tensor =>
  withGradient([logits], (logits) => {
    const { crossEntropies, gradient } = binaryCrossEntropies(logits!, labels);
    return meanOverClasses(crossEntropies, gradient);
  });

/** -log of the probability of what each label is, and its derivative by the logit: (n, classes) each. */
export function binaryCrossEntropies(logits: Tensor, labels: Tensor): { crossEntropies: Tensor; gradient: Tensor } {
  // max(x, 0) - x y + log(1 + e^-|x|): no exponential can overflow.
  const certain = tf.sub(tf.relu(logits), tf.mul(logits, labels));
  return {
    crossEntropies: tf.add(certain, tf.log1p(tf.exp(tf.neg(tf.abs(logits))))) as Tensor,
    gradient: tf.sub(tf.sigmoid(logits), labels),
  };
}

/** Losses (n, classes) to their row means (n), for withGradient. */
export const meanOverClasses = (losses: Tensor, gradient: Tensor) => ({
  value: tf.mean(losses, 1) as Tensor,
  saved: [gradient],
  backward: (dy: Tensor, [gradient]: Tensor[]): Tensor[] => [
    tf.mul(gradient!, tf.reshape(tf.mul(dy, 1 / losses.shape[1]!), [-1, 1])),
  ],
});

import { backend, deviceKind, tf, type Tensor } from '../tensorflow.js';
import { withGradient } from './custom-gradient.js';
import { FLOAT, sparseCrossEntropy, typeAttr } from './direct.js';

/** (n) as a column (n, 1), to scale the rows of a matrix. */
const column = (x: Tensor): Tensor => tf.reshape(x, [-1, 1]);

/**
 * Cross-entropy of each row of logits (n, classes) against targets (n, classes) that sum to 1, and its gradient, op by op: on a
 * GPU TensorFlow's one op for it has no fixed order of its sums and is refused (TF_DETERMINISTIC_OPS).
 */
export function crossEntropyInOps(logits: Tensor, targets: Tensor): [Tensor, Tensor] {
  const logProbabilities = tf.logSoftmax(logits);
  return [tf.neg(tf.sum(tf.mul(targets, logProbabilities), 1)), tf.sub(tf.exp(logProbabilities), targets)];
}

const softCrossEntropy = (logits: Tensor, targets: Tensor): [Tensor, Tensor] =>
  deviceKind() === 'gpu'
    ? crossEntropyInOps(logits, targets)
    : (backend.executeMultipleOutputs(
        'SoftmaxCrossEntropyWithLogits',
        [typeAttr('T', FLOAT)],
        [logits, targets],
        2,
      ) as [Tensor, Tensor]);

const hardCrossEntropy = (logits: Tensor, labels: Tensor): [Tensor, Tensor] =>
  deviceKind() === 'gpu'
    ? crossEntropyInOps(logits, tf.oneHot(labels, logits.shape[1]!, 1, 0, 'float32'))
    : sparseCrossEntropy(logits, labels);

/** Cross-entropy of each row of logits (n, classes) against labels (n, int32): (n). */
export const crossEntropy = (logits: Tensor, labels: Tensor): Tensor =>
  withGradient([logits], (logits) => {
    const [losses, gradient] = hardCrossEntropy(logits!, labels);
    return { value: losses, saved: [gradient], backward: (dy, [gradient]) => [tf.mul(gradient!, column(dy))] };
  });

/**
 * Cross-entropy against labels of which the share `smoothing` is spread evenly over all classes (Szegedy et al., 2016), as
 * torch.nn.CrossEntropyLoss(label_smoothing) has it: (n).
 */
export const smoothedCrossEntropy = (logits: Tensor, labels: Tensor, smoothing: number): Tensor =>
  withGradient([logits], (logits) => {
    const classes = logits!.shape[1]!;
    const spread = smoothing / classes;
    const targets = tf.oneHot(labels, classes, 1 - smoothing + spread, spread, 'float32'); // (n, classes)
    const [losses, gradient] = softCrossEntropy(logits!, targets);
    return { value: losses, saved: [gradient], backward: (dy, [gradient]) => [tf.mul(gradient!, column(dy))] };
  });

/**
 * Cross-entropy against shares of each class (n, classes) that sum to 1, of which `smoothing` is spread evenly over all classes, as
 * torch.nn.CrossEntropyLoss has it for class probabilities: (n).
 */
export const mixedCrossEntropy = (logits: Tensor, shares: Tensor, smoothing: number): Tensor =>
  withGradient([logits], (logits) => {
    const spread = smoothing / logits!.shape[1]!;
    const targets: Tensor = smoothing === 0 ? shares : tf.add(tf.mul(shares, 1 - smoothing), spread);
    const [losses, gradient] = softCrossEntropy(logits!, targets);
    return { value: losses, saved: [gradient], backward: (dy, [gradient]) => [tf.mul(gradient!, column(dy))] };
  });

/** Keeps a quotient finite whose numerator is as small. */
const TINY = 1e-30;

/**
 * What focussing makes of a cross-entropy -log p: (1 - p)^gamma times it, and the derivative of that by the cross-entropy
 * (Lin et al., 2017, "Focal loss for dense object detection", without their alpha).
 */
export function focussed(crossEntropies: Tensor, gamma: number): { losses: Tensor; slopes: Tensor } {
  const missed = tf.neg(tf.expm1(tf.neg(crossEntropies))); // 1 - p, exact also where p is almost 1
  const modulation = tf.pow(missed, gamma);
  // d/dc (1-p)^g c = (1-p)^g (1 + g p c / (1-p)); c / (1-p) tends to 1 as both vanish.
  const odds = tf.div(tf.mul(tf.exp(tf.neg(crossEntropies)), crossEntropies), tf.maximum(missed, TINY));
  return {
    losses: tf.mul(modulation, crossEntropies),
    slopes: tf.mul(modulation, tf.add(tf.mul(odds, gamma), 1)),
  };
}

/** Focal loss of each row of logits (n, classes) against labels (n, int32), over the softmax: (n). */
export const focalCrossEntropy = (logits: Tensor, labels: Tensor, gamma: number): Tensor =>
  withGradient([logits], (logits) => {
    const [crossEntropies, gradient] = hardCrossEntropy(logits!, labels);
    const { losses, slopes } = focussed(crossEntropies, gamma);
    return {
      value: losses,
      saved: [gradient, slopes],
      backward: (dy, [gradient, slopes]) => [tf.mul(gradient!, column(tf.mul(slopes!, dy)))],
    };
  });

/**
 * Mean cross-entropy of logits (rows, classes) against labels (rows, int32), weighted by row: sum(w·l) / sum(w). Rows
 * that only fill up a batch weigh 0, so the last batch of an epoch counts its real examples and no others.
 */
export const meanCrossEntropy = (logits: Tensor, labels: Tensor, rowWeights: Tensor): Tensor =>
  withGradient([logits], (logits) => {
    const [losses, gradient] = hardCrossEntropy(logits!, labels);
    const share = tf.div(rowWeights, tf.sum(rowWeights)); // (rows)
    return {
      value: tf.sum(tf.mul(losses, share)),
      saved: [gradient, share],
      backward: (dy, [gradient, share]) => [tf.mul(gradient!, tf.mul(tf.reshape(share!, [-1, 1]), dy))],
    };
  });

import { binaryCrossEntropies, meanOverClasses } from './binary.js';
import { focalCrossEntropy, focussed } from '../ops/cross-entropy.js';
import { withGradient } from '../ops/custom-gradient.js';
import { tf, type Tensor } from '../tensorflow.js';
import type { Objective } from './objective.js';
import { classTargets, multiLabelTargets } from './targets.js';

/** Focal loss over the softmax: rows that the model is sure of count less, the more so the larger `gamma`. */
export const focalObjective = (perPosition: boolean, gamma: number): Objective => ({
  targets: classTargets(perPosition),
  losses: (outputs, { labels }) => focalCrossEntropy(outputs, labels!, gamma),
});

/** Focal loss of every class by itself over its sigmoid, and the mean over the classes. */
export const multiLabelFocalObjective = (classes: number, gamma: number): Objective => ({
  targets: multiLabelTargets(classes),
  losses: (outputs, { labels }) => focalBinary(outputs, labels!, gamma),
});

/** Logits and labels (n, classes), labels 0 or 1: (n). */
const focalBinary = (logits: Tensor, labels: Tensor, gamma: number): Tensor =>
  withGradient([logits], (logits) => {
    const { crossEntropies, gradient } = binaryCrossEntropies(logits!, labels);
    const { losses, slopes } = focussed(crossEntropies, gamma);
    return meanOverClasses(losses, tf.mul(slopes, gradient));
  });

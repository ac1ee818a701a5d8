import { crossEntropy, smoothedCrossEntropy } from '../ops/cross-entropy.js';
import type { Objective } from './objective.js';
import { classTargets } from './targets.js';

/** Softmax cross-entropy of one class a row, or a position; `smoothing` is of the training's targets only. */
export const crossEntropyObjective = (perPosition: boolean, smoothing: number): Objective => ({
  targets: classTargets(perPosition),
  losses: (outputs, { labels }, training) =>
    training && smoothing > 0 ? smoothedCrossEntropy(outputs, labels!, smoothing) : crossEntropy(outputs, labels!),
});

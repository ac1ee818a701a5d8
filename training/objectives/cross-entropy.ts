import { crossEntropy, mixedCrossEntropy, smoothedCrossEntropy } from '../ops/cross-entropy.js';
import type { Objective } from './objective.js';
import { classTargets, multiLabelTargets } from './targets.js';

/** Softmax cross-entropy of one class a row, or a position; `smoothing` is of the training's targets only. */
export const crossEntropyObjective = (perPosition: boolean, smoothing: number): Objective => ({
  targets: classTargets(perPosition),
  losses: (outputs, { labels }, training) =>
    training && smoothing > 0 ? smoothedCrossEntropy(outputs, labels!, smoothing) : crossEntropy(outputs, labels!),
});

/** The same for rows that are mixed in training: their targets are shares of every class, (rows, classes), that sum to 1. */
export const mixedCrossEntropyObjective = (classes: number, smoothing: number): Objective => ({
  targets: classTargets(false),
  trainingTargets: multiLabelTargets(classes),
  losses: (outputs, { labels }, training) =>
    training ? mixedCrossEntropy(outputs, labels!, smoothing) : crossEntropy(outputs, labels!),
});

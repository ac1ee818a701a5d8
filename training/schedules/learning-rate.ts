import type { Job } from '../../job/schema.js';

/**
 * Learning rate of the step that makes `step` steps done (1 for the first), of `totalSteps`.
 * warmup-linear: rises to its peak over warmupSteps, then falls on a line to 0 at the end (Devlin et al., 2018).
 */
export function learningRateAt(train: Job['train'], step: number, totalSteps: number): number {
  const warmup = Math.min(1, step / Math.max(1, train.warmupSteps));
  switch (train.schedule) {
    case 'constant':
      return train.learningRate * warmup;
    case 'warmup-linear': {
      const decay = Math.max(0, (totalSteps - step + 1) / Math.max(1, totalSteps - train.warmupSteps));
      return train.learningRate * Math.min(warmup, decay);
    }
    default:
      return train.schedule satisfies never;
  }
}

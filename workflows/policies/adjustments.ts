import type { Job } from '../../job/schema.js';
import type { Adjustment, DatasetRef, JobChanges, Position } from '../contract.js';

/**
 * What holds of a job at a step: a pure fold over the adjustments by their steps. An adjustment is tied to its step: a run that
 * went back to before it trains to that step as it did, and on as adjusted, so its end does not depend on what died in between.
 */

/** Changes that hold for the steps after `step`. */
export const changesAfter = (adjustments: readonly Adjustment[], step: number): JobChanges =>
  Object.assign(
    {},
    ...adjustments.filter(({ fromStep }) => fromStep <= step).map(({ changes }) => changes),
  ) as JobChanges;

/** Changes that held when the state at `step` was made. */
export const changesBefore = (adjustments: readonly Adjustment[], step: number): JobChanges =>
  changesAfter(adjustments, step - 1);

/** In the order of their steps; of one step the later request last. */
export const withAdjustment = (adjustments: readonly Adjustment[], added: Adjustment): Adjustment[] =>
  [...adjustments, added].sort((a, b) => a.fromStep - b.fromStep);

/** First step after `step` at which something changes. */
export const nextChange = (adjustments: readonly Adjustment[], step: number): number =>
  Math.min(...adjustments.map(({ fromStep }) => fromStep).filter((fromStep) => fromStep > step), Infinity);

/** A job with changes; what is not changed is the very same object. */
export function jobWith(job: Job, changes: JobChanges): Job {
  if (Object.keys(changes).length === 0) return job;
  const { stopEarly } = job.train;
  const { learningRate, epochs, batchSize, patience, checkpointMinutes, checkpointSteps } = changes;
  return {
    ...job,
    train: {
      ...job.train,
      learningRate: learningRate ?? job.train.learningRate,
      epochs: epochs ?? job.train.epochs,
      batchSize: batchSize ?? job.train.batchSize,
      ...(stopEarly && { stopEarly: { ...stopEarly, patience: patience ?? stopEarly.patience } }),
    },
    checkpoint: {
      ...job.checkpoint,
      everyMinutes: checkpointMinutes ?? job.checkpoint.everyMinutes,
      everySteps: checkpointSteps ?? job.checkpoint.everySteps,
    },
  };
}

/** Whether the states after it have other bits, so that they are of another lineage: all but when to store. */
export const changesLearning = ({ changes }: Adjustment): boolean => {
  const { checkpointMinutes: _, checkpointSteps: __, ...learning } = changes;
  return Object.keys(learning).length > 0;
};

export function stepsPerEpochOf(dataset: DatasetRef, { batchSize, accumulate }: Job['train']): number {
  return Math.ceil(Math.ceil(dataset.rows.train / batchSize) / accumulate);
}

/** The step at which the epoch of a position ends, and the steps of the whole run, with the job that holds after it. */
export function pace(job: Job, { step, epoch, cursor }: Position, dataset: DatasetRef) {
  const stepsPerEpoch = stepsPerEpochOf(dataset, job.train);
  const began = step - cursor;
  return {
    stepsPerEpoch,
    epochEnd: began + stepsPerEpoch,
    totalSteps: began + (job.train.epochs - epoch) * stepsPerEpoch,
  };
}

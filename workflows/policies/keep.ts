import type { Job } from '../../job/schema.js';
import type { Observation } from '../contract.js';
import { ranked } from './selection.js';

/** Steps whose checkpoints stay for their metrics; the newest ones stay besides (storage/checkpoint/retention.ts). */
export const stepsToKeep = (job: Job, observations: readonly Observation[]): number[] =>
  ranked(observations, job.selectBest)
    .slice(0, job.checkpoint.keep.best)
    .map(({ step }) => step);

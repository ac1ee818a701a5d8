import type { Job } from '../../job/schema.js';
import type { Position, TrainUntil } from '../contract.js';

/** Where the next segment should end: the next multiple of everySteps, the end of the epoch, or after everyMinutes. */
export function nextBoundary(job: Job, at: Position, stepsPerEpoch: number): TrainUntil {
  const { everySteps, everyMinutes } = job.checkpoint;
  const epochEnd = (at.epoch + 1) * stepsPerEpoch;
  const byStep = everySteps === undefined ? epochEnd : (Math.floor(at.step / everySteps) + 1) * everySteps;
  return { step: Math.min(epochEnd, byStep), minutes: everyMinutes };
}

import type { Job } from '../../job/schema.js';
import type { Position, TrainUntil } from '../contract.js';

/**
 * Where the next segment should end: the next multiple of everySteps, the end of the epoch, after everyMinutes, or where an
 * adjustment begins to hold.
 */
export function nextBoundary(job: Job, at: Position, stepsPerEpoch: number, nextChange = Infinity): TrainUntil {
  const { everySteps, everyMinutes } = job.checkpoint;
  const epochEnd = at.step - at.cursor + stepsPerEpoch;
  const byStep = everySteps === undefined ? epochEnd : (Math.floor(at.step / everySteps) + 1) * everySteps;
  return { step: Math.min(epochEnd, byStep, nextChange), minutes: everyMinutes };
}

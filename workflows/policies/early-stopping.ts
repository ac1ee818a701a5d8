import type { Job } from '../../job/schema.js';
import type { Observation, PolicyState } from '../contract.js';
import { best, merit } from './selection.js';

/**
 * What the metrics so far say about going on: a pure fold over the observations in the order of their steps, so that a run
 * that went back to an earlier checkpoint decides again as it did.
 */
export function policyOf(job: Job, observations: readonly Observation[]): PolicyState {
  const selected = best(observations, job.selectBest);
  const stopEarly = job.train.stopEarly;
  if (!stopEarly) return { best: selected, epochsWithoutImprovement: 0, shouldStop: false };
  let record = -Infinity;
  let epochsWithoutImprovement = 0;
  for (const observation of [...observations].sort((a, b) => a.step - b.step)) {
    const value = merit(observation, stopEarly.metric);
    const improved = value > record + (Number.isFinite(record) ? stopEarly.minDelta : 0);
    epochsWithoutImprovement = improved ? 0 : epochsWithoutImprovement + 1;
    if (improved) record = value;
  }
  return { best: selected, epochsWithoutImprovement, shouldStop: epochsWithoutImprovement >= stopEarly.patience };
}

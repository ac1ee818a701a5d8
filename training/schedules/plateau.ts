import type { MetricName } from '../../job/schema.js';
import type { Observation } from '../../workflows/contract.js';

/** An improvement is a relative one of at least this much (PyTorch's default). */
const THRESHOLD = 1e-4;

/** Metrics of which less is better; the workflow's own list is in workflows/policies/selection.ts, which may not be imported here. */
const LESS_IS_BETTER = new Set(['loss', 'mae', 'rmse', 'perplexity']);

/**
 * How often torch.optim.lr_scheduler.ReduceLROnPlateau would have reduced the rate: after more than `patience` epochs in a row
 * without an improvement, and then it counts anew. A fold over the observations by their steps: a run that went back to an
 * earlier checkpoint decides again as it did. PyTorch's exception for changes of the rate below 1e-8 is left out.
 */
export function reductions(observations: readonly Observation[], metric: MetricName, patience: number): number {
  const name = metric.slice('validation.'.length);
  const less = LESS_IS_BETTER.has(name);
  let best = less ? Infinity : -Infinity;
  let [bad, times] = [0, 0];
  for (const observation of [...observations].sort((a, b) => a.step - b.step)) {
    // Temporal's JSON makes NaN null: no improvement.
    const found: number | null | undefined = observation[name];
    const value = found ?? NaN;
    if (less ? value < best * (1 - THRESHOLD) : value > best * (1 + THRESHOLD)) [best, bad] = [value, 0];
    else bad += 1;
    if (bad > patience) [bad, times] = [0, times + 1];
  }
  return times;
}

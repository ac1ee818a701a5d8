import type { MetricName } from '../../job/schema.js';
import type { Metrics, Observation } from '../contract.js';

/** Metrics of which less is better; of all others more is. */
const LESS_IS_BETTER = new Set(['loss', 'mae', 'rmse', 'perplexity']);

/** Value of a metric, turned so that more is better. Of a run that diverged it is NaN, which Temporal's JSON makes null: the worst. */
export function merit(metrics: Metrics, metric: MetricName): number {
  const name = metric.slice('validation.'.length);
  const value: number | null | undefined = metrics[name];
  if (value === null || value === undefined || Number.isNaN(value)) return -Infinity;
  return LESS_IS_BETTER.has(name) ? -value : value;
}

/** Best first; among equals the earlier one. */
export function ranked(observations: readonly Observation[], metric: MetricName): readonly Observation[] {
  const merits = new Map(observations.map((observation) => [observation, merit(observation, metric)]));
  return [...observations].sort((a, b) => merits.get(b)! - merits.get(a)! || a.step - b.step);
}

/** The first of `ranked`, without ranking the others; null of none. */
export function best(observations: readonly Observation[], metric: MetricName): Observation | null {
  let found: Observation | null = null;
  let most = -Infinity;
  for (const observation of observations) {
    const value = merit(observation, metric);
    if (found !== null && (value < most || (value === most && observation.step >= found.step))) continue;
    [found, most] = [observation, value];
  }
  return found;
}

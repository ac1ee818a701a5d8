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
export const ranked = (observations: readonly Observation[], metric: MetricName): readonly Observation[] =>
  [...observations].sort((a, b) => merit(b, metric) - merit(a, metric) || a.step - b.step);

import type { MetricName } from '../../job/schema.js';
import type { Metrics, Observation } from '../contract.js';

/** Value of a metric, turned so that more is better. Of a run that diverged it is NaN, which Temporal's JSON makes null: the worst. */
export function merit(metrics: Metrics, metric: MetricName): number {
  const value = oriented(metrics, metric);
  return value === null || Number.isNaN(value) ? -Infinity : value;
}

function oriented(metrics: Metrics, metric: MetricName): number | null {
  switch (metric) {
    case 'validation.loss':
      return metrics.loss === null ? null : -metrics.loss;
    case 'validation.accuracy':
      return metrics.accuracy;
    case 'validation.f1':
      return metrics.f1;
    default:
      return metric satisfies never;
  }
}

/** Best first; among equals the earlier one. */
export const ranked = (observations: readonly Observation[], metric: MetricName): readonly Observation[] =>
  [...observations].sort((a, b) => merit(b, metric) - merit(a, metric) || a.step - b.step);

import type { MetricName } from '../../job/schema.js';
import type { Metrics, Observation } from '../contract.js';

/** Value of a metric, turned so that more is better. */
export function merit(metrics: Metrics, metric: MetricName): number {
  switch (metric) {
    case 'validation.loss':
      return -metrics.loss;
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

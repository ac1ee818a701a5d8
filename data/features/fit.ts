import type { Job } from '../../job/schema.js';
import { isMissing, numberIn } from '../cells.js';
import { categoryOf, type FeatureTransform } from './transform.js';
import type { FeatureColumns } from './columns.js';

/** Running mean and sum of squared differences (Welford, 1962), smallest and largest value. */
interface Moments {
  count: number;
  mean: number;
  squares: number;
  min: number;
  max: number;
  gaps: number;
}

/** Learns the transform from training rows alone, one row at a time. */
export function transformFitter({ numeric, categorical }: FeatureColumns, scale: Job['data']['scale']) {
  const moments = numeric.map((): Moments => ({
    count: 0,
    mean: 0,
    squares: 0,
    min: Infinity,
    max: -Infinity,
    gaps: 0,
  }));
  const categories = categorical.map(() => new Set<string>());

  return {
    add(cells: Readonly<Record<string, unknown>>): void {
      numeric.forEach((column, index) => {
        const number = isMissing(cells[column]) ? null : numberIn(cells[column]);
        const of = moments[index]!;
        if (number === null) {
          of.gaps++;
          return;
        }
        of.count++;
        const difference = number - of.mean;
        of.mean += difference / of.count;
        of.squares += difference * (number - of.mean);
        of.min = Math.min(of.min, number);
        of.max = Math.max(of.max, number);
      });
      categorical.forEach((column, index) => categories[index]!.add(categoryOf(cells[column])));
    },

    transform: (): FeatureTransform => ({
      numeric: numeric.map((column, index) => {
        const of = moments[index]!;
        return { column, mean: of.mean, ...scaling(of, scale), hasGaps: of.gaps > 0 };
      }),
      categorical: categorical.map((column, index) => ({ column, categories: [...categories[index]!].sort() })),
    }),
  };
}

/**
 * As scikit-learn's StandardScaler (population variance; gaps left out) and MinMaxScaler: a column without spread keeps its
 * scale, so that it becomes 0 instead of dividing by 0.
 */
function scaling(of: Moments, scale: Job['data']['scale']): { offset: number; divisor: number } {
  if (scale === 'none' || of.count === 0) return { offset: 0, divisor: 1 };
  if (scale === 'min-max') {
    const range = of.max - of.min;
    return { offset: of.min, divisor: range < 10 * Number.EPSILON ? 1 : range };
  }
  const variance = of.squares / of.count;
  // Below this bound a variance is the rounding of a constant column's mean (scikit-learn, _is_constant_feature).
  const rounding = of.count * Number.EPSILON * variance + (of.count * of.mean * Number.EPSILON) ** 2;
  return { offset: of.mean, divisor: variance <= rounding ? 1 : Math.sqrt(variance) };
}

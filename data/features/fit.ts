import type { Scaling } from '../../job/schema/data.js';
import { isMissing, numberIn } from '../cells.js';
import type { FeatureColumns } from './columns.js';
import type { CategoryFill, Fills, NumberFill } from './fill.js';
import { mostFrequent, numberColumn, quantile } from './number-column.js';
import type { Limits } from './outliers.js';
import { categoryOf, clipped, type FeatureTransform } from './transform.js';

/** Running mean and sum of squared differences (Welford, 1962), smallest and largest value. */
interface Moments {
  count: number;
  mean: number;
  squares: number;
  min: number;
  max: number;
  gaps: number;
}

export interface FitOptions {
  /** Of each column of numbers. */
  readonly scales: readonly Scaling[];
  /** Left out: the mean, and a category of its own. */
  readonly fills?: Fills;
  /** Numbers are brought to these before anything is learnt of them. */
  readonly limits?: ReadonlyMap<string, Limits>;
}

/** Learns the transform from training rows alone, one row at a time. */
export function transformFitter({ numeric, categorical }: FeatureColumns, { scales, fills, limits }: FitOptions) {
  const moments = numeric.map((): Moments => ({
    count: 0,
    mean: 0,
    squares: 0,
    min: Infinity,
    max: -Infinity,
    gaps: 0,
  }));
  const fillOf = (index: number): NumberFill => fills?.numeric[index] ?? 'mean';
  /** Only where an order of the numbers is wanted. */
  const values = numeric.map((_, index) =>
    scales[index] === 'robust' || fillOf(index) === 'median' || fillOf(index) === 'most-frequent'
      ? numberColumn()
      : null,
  );
  const categories = categorical.map(() => new Map<string, number>());

  return {
    add(cells: Readonly<Record<string, unknown>>): void {
      numeric.forEach((column, index) => {
        const found = isMissing(cells[column]) ? null : numberIn(cells[column]);
        const of = moments[index]!;
        if (found === null) {
          of.gaps++;
          return;
        }
        const number = clipped(found, limits?.get(column));
        values[index]?.push(number);
        of.count++;
        const difference = number - of.mean;
        of.mean += difference / of.count;
        of.squares += difference * (number - of.mean);
        of.min = Math.min(of.min, number);
        of.max = Math.max(of.max, number);
      });
      categorical.forEach((column, index) => {
        const category = categoryOf(cells[column]);
        categories[index]!.set(category, (categories[index]!.get(category) ?? 0) + 1);
      });
    },

    /** To be called once, after the last row. */
    transform: (): FeatureTransform => ({
      numeric: numeric.map((column, index) => {
        const of = moments[index]!;
        const scale = scales[index]!;
        const sorted = values[index]?.sorted() ?? null;
        values[index]?.close();
        return {
          column,
          mean: numberFor(fillOf(index), of, sorted),
          ...(scale === 'robust' ? robustScaling(sorted!) : scaling(of, scale)),
          hasGaps: of.gaps > 0 && (fills?.indicator ?? true),
          ...limits?.get(column),
        };
      }),
      categorical: categorical.map((column, index) => {
        const fill = fills?.categorical[index] ?? 'own';
        const filled = categoryFor(fill, categories[index]!);
        const names = new Set(categories[index]!.keys());
        if (filled === null) return { column, categories: [...names].sort() };
        if (names.delete('')) names.add(filled);
        return { column, categories: [...names].sort(), fill: filled };
      }),
    }),
  };
}

/** What stands in for a gap. Of a column without numbers it is 0, the mean of none. */
function numberFor(fill: NumberFill, { mean }: Moments, sorted: Float64Array | null): number {
  if (typeof fill === 'object') return fill.value;
  if (fill === 'mean' || fill === 'drop' || sorted === null || sorted.length === 0) return mean;
  return fill === 'median' ? quantile(sorted, 0.5) : mostFrequent(sorted);
}

/** As scikit-learn's SimpleImputer: of equally frequent ones the first; null: a gap is a category. */
function categoryFor(fill: CategoryFill, counts: ReadonlyMap<string, number>): string | null {
  if (fill === 'own' || fill === 'drop') return null;
  if (fill !== 'most-frequent') return fill.value;
  const filled = [...counts].filter(([name]) => name !== '');
  filled.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return filled[0]?.[0] ?? null;
}

/**
 * As scikit-learn's StandardScaler (population variance; gaps left out) and MinMaxScaler: a column without spread keeps its
 * scale, so that it becomes 0 instead of dividing by 0.
 */
function scaling(of: Moments, scale: Exclude<Scaling, 'robust'>): { offset: number; divisor: number } {
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

/** As RobustScaler: by the median and the range between the quartiles. */
function robustScaling(sorted: Float64Array): { offset: number; divisor: number } {
  if (sorted.length === 0) return { offset: 0, divisor: 1 };
  const range = quantile(sorted, 0.75) - quantile(sorted, 0.25);
  return { offset: quantile(sorted, 0.5), divisor: range < 10 * Number.EPSILON ? 1 : range };
}

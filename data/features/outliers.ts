/** Numbers far from the others of their column, told by the training rows alone (data.clean.outliers). */
import type { Job } from '../../job/schema.js';
import { isMissing, numberIn } from '../cells.js';
import { numberColumn, quantile } from './number-column.js';
import { requireKnown } from './require-known.js';

/** The numbers that a column may hold. */
export interface Limits {
  readonly low: number;
  readonly high: number;
}

type Outliers = NonNullable<Job['data']['clean']['outliers']>;

/** The columns whose outliers are looked for. @throws DataError for one that holds no numbers, or is not learnt from. */
export function outlierColumns(
  { columns }: Outliers,
  numeric: readonly string[],
  sourceName: string,
): readonly string[] {
  requireKnown(columns ?? [], numeric, 'a column of numbers (data.clean.outliers.columns)', sourceName);
  return columns ?? numeric;
}

/** Learns the limits from training rows, one at a time. */
export function limitsFitter(columns: readonly string[], { method, limit }: Pick<Outliers, 'method' | 'limit'>) {
  const found = columns.map(() => numberColumn());
  return {
    add(cells: Readonly<Record<string, unknown>>): void {
      columns.forEach((column, i) => {
        const number = isMissing(cells[column]) ? null : numberIn(cells[column]);
        if (number !== null) found[i]!.push(number);
      });
    },
    /** To be called once, after the last row. A column without numbers has no limits. */
    limits(): ReadonlyMap<string, Limits> {
      const limits = new Map<string, Limits>();
      columns.forEach((column, i) => {
        const sorted = found[i]!.sorted();
        found[i]!.close();
        if (sorted.length > 0)
          limits.set(column, method === 'iqr' ? byQuartiles(sorted, limit) : byDeviation(sorted, limit));
      });
      return limits;
    },
  };
}

/** Tukey's fences (1977). */
function byQuartiles(sorted: Float64Array, limit = 1.5): Limits {
  const [first, third] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
  const margin = limit * (third - first);
  return { low: first - margin, high: third + margin };
}

/** Deviations of the population from the mean, as scipy.stats.zscore has them. */
function byDeviation(sorted: Float64Array, limit = 3): Limits {
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  const deviation = Math.sqrt(sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / sorted.length);
  return { low: mean - limit * deviation, high: mean + limit * deviation };
}

/** Whether a row holds a number outside the limits of its column; gaps are within. */
export function hasOutlier(cells: Readonly<Record<string, unknown>>, limits: ReadonlyMap<string, Limits>): boolean {
  for (const [column, { low, high }] of limits) {
    const number = isMissing(cells[column]) ? null : numberIn(cells[column]);
    if (number !== null && (number < low || number > high)) return true;
  }
  return false;
}

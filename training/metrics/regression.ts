import { mean, sum } from './counts.js';

export interface RegressionFigures {
  readonly mae: number;
  readonly rmse: number;
  /** 1 - squared errors / squared deviations from the mean; of targets that are all the same 1 or 0; null below two rows. */
  readonly r2: number | null;
}

/** Figures of predictions against targets, as scikit-learn has them. Sums run in the order of the rows, in float64. */
export function regressionFigures(targets: readonly number[], predicted: readonly number[]): RegressionFigures {
  const errors = targets.map((target, i) => predicted[i]! - target);
  const squares = sum(errors.map((error) => error * error));
  const centre = mean(targets);
  const spread = sum(targets.map((target) => (target - centre) ** 2));
  const r2 = spread === 0 ? (squares === 0 ? 1 : 0) : 1 - squares / spread;
  return {
    mae: mean(errors.map(Math.abs)),
    rmse: Math.sqrt(squares / errors.length),
    r2: targets.length < 2 ? null : r2,
  };
}

/** The value below which the share `q` of the sorted values lies, between two of them by a straight line (as numpy.quantile). */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const place = q * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (place - below) * (high - low);
}

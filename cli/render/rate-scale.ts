import type { FoundRate } from '../../engine/protocol.js';

/** Where the points of a range test lie: both axes from 0 to 1, the rates by their logarithm. */
export interface RateScale {
  readonly x: (learningRate: number) => number;
  /** 1 is the top; what lies above is cut off there, so that an explosion does not flatten the rest. */
  readonly y: (loss: number) => number;
  readonly low: number;
  readonly high: number;
  /** Powers of ten within the range. */
  readonly decades: readonly number[];
}

export function rateScale({ points }: Pick<FoundRate, 'points'>): RateScale {
  const smoothed = points.map((point) => point.smoothed);
  const low = Math.min(...smoothed, ...points.map(({ loss }) => loss));
  const start = smoothed[0]!;
  // Half of the fall on top of the beginning; a curve without a fall is shown whole.
  const fall = start - low;
  const high = fall > 0.01 * Math.abs(start) ? start + 0.5 * fall : Math.max(...smoothed);
  const bottom = low - 0.1 * (high - low);
  const height = high - bottom || 1;
  const [first, last] = [Math.log10(points[0]!.learningRate), Math.log10(points.at(-1)!.learningRate)];
  const width = last - first || 1;
  const decades: number[] = [];
  for (let power = Math.ceil(first - 1e-9); power <= Math.floor(last + 1e-9); power++) decades.push(10 ** power);
  return {
    x: (learningRate) => (Math.log10(learningRate) - first) / width,
    y: (loss) => Math.min(1, Math.max(0, (loss - bottom) / height)),
    low: bottom,
    high: bottom + height,
    decades,
  };
}

/** `1e-4` */
export const decadeName = (rate: number): string => `1e${Math.round(Math.log10(rate))}`;

/** Two digits, as one writes it into a job: `1.3e-4`, `0.02`. */
export const shortRate = (rate: number): string => {
  const short = Number(rate.toPrecision(2));
  return short >= 0.001 ? String(short) : short.toExponential().replace('e+', 'e');
};

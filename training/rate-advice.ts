/** What the losses of a learning-rate range test say. */

export interface RatePoint {
  readonly learningRate: number;
  readonly loss: number;
  /** Of the losses around it: a Gaussian mean over the steps, so that no rate is blamed for the losses before it. */
  readonly smoothed: number;
}

export interface RateAdvice {
  readonly points: readonly RatePoint[];
  /** Rate at which the smoothed loss falls fastest by the logarithm of the rate; null where it does not fall. */
  readonly steepest: number | null;
  /** Rate at which the smoothed loss is lowest; null where it does not fall. */
  readonly lowest: number | null;
  /** A tenth of `lowest`, to two digits: a peak rate that leaves room; null where the loss does not fall. */
  readonly suggested: number | null;
  /** The loss was still falling at the largest rate: a wider range may suggest more. */
  readonly stillFalling: boolean;
}

/** Standard deviation of the smoothing, as a share of the steps: 0.28 decades of 7. */
const SMOOTHING_SHARE = 0.04;
const FEWEST_POINTS = 10;
/** The loss has to fall by so many standard deviations of a smoothed loss, or it is taken for flat. */
const FALLS_BY = 5;
/** The smoothed loss has to fall by this share of itself too: noise of a curve without any cannot be told. */
const FALLS_BY_SHARE = 0.005;

/** `losses[i]` is the finite loss of the step at `rates[i]`; rates grow. */
export function rateAdvice(rates: readonly number[], losses: readonly number[]): RateAdvice {
  const deviation = Math.max(1, SMOOTHING_SHARE * losses.length);
  const smooth = losses.map((_, at) => around(losses, at, deviation));
  const points = rates.map((learningRate, i) => ({ learningRate, loss: losses[i]!, smoothed: smooth[i]! }));
  const none = { points, steepest: null, lowest: null, suggested: null, stillFalling: false };
  if (losses.length < FEWEST_POINTS) return none;

  const low = smooth.indexOf(Math.min(...smooth));
  // The first rates move nothing: their losses are what it falls from, and their scatter is the batches'.
  const start = mean(smooth.slice(0, Math.max(3, Math.floor(losses.length / 10))));
  const fall = start - smooth[low]!;
  const scatter = Math.sqrt(mean(losses.slice(0, low + 1).map((loss, i) => (loss - smooth[i]!) ** 2)));
  const effective = 2 * Math.sqrt(Math.PI) * deviation; // steps that a Gaussian mean is as good as
  if (fall < Math.max((FALLS_BY * scatter) / Math.sqrt(effective), FALLS_BY_SHARE * Math.abs(start))) return none;

  const steepest = steepestOf(rates, smooth, low);
  return {
    points,
    steepest: rates[steepest]!,
    lowest: rates[low]!,
    suggested: Number((rates[low]! / 10).toPrecision(2)),
    stillFalling: low === losses.length - 1,
  };
}

/** Mean of the values around a place by a Gaussian; at the ends, of those that are there. */
function around(values: readonly number[], at: number, deviation: number): number {
  const reach = Math.ceil(3 * deviation);
  let [sum, total] = [0, 0];
  for (let i = Math.max(0, at - reach); i <= Math.min(values.length - 1, at + reach); i++) {
    const weight = Math.exp(-(((i - at) / deviation) ** 2) / 2);
    sum += weight * values[i]!;
    total += weight;
  }
  return sum / total;
}

/** Up to the lowest point, where the loss falls most from the step before to the step after. */
function steepestOf(rates: readonly number[], smooth: readonly number[], low: number): number {
  let [best, steepest] = [0, low];
  for (let i = 1; i <= Math.min(low, rates.length - 2); i++) {
    const slope = (smooth[i + 1]! - smooth[i - 1]!) / Math.log(rates[i + 1]! / rates[i - 1]!);
    if (slope < best) [best, steepest] = [slope, i];
  }
  return steepest;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The learning-rate range test of Smith, 2015 (https://arxiv.org/abs/1506.01186): one short run over growing rates. */
import type { Job } from '../job/schema.js';
import type { Examples } from './examples/examples.js';
import { epochOrder } from './examples/order.js';
import type { Trainer } from './trainer.js';

export interface RangePoint {
  readonly learningRate: number;
  readonly loss: number;
  /** Exponential mean of the losses so far, corrected for its start. */
  readonly smoothed: number;
}

export interface RangeTest {
  readonly points: readonly RangePoint[];
  /** The rate at which the smoothed loss falls fastest; null where it never falls. */
  readonly steepest: number | null;
  /** A tenth of the rate at which the smoothed loss is lowest: the largest that is safe to begin with. */
  readonly suggested: number;
  readonly diverged: boolean;
}

const SMOOTHING = 0.95;
/** The loss is past saving at so many times its lowest. */
const DIVERGED = 4;

export interface RangeInput {
  readonly trainer: Trainer;
  readonly examples: Examples;
  readonly job: Job;
  readonly steps: number;
  readonly from: number;
  readonly to: number;
  readonly onStep: (point: RangePoint, step: number) => Promise<void>;
}

/** Trains from the state that the trainer holds, the rate growing by the same factor at every step. The state is lost. */
export async function rateRange({ trainer, examples, job, steps, from, to, onStep }: RangeInput): Promise<RangeTest> {
  const { batchSize, accumulate } = job.train;
  const points: RangePoint[] = [];
  let [mean, lowest, epoch] = [0, Infinity, 0];
  let batches = epochOrder(examples, batchSize, job.seed, epoch);
  let cursor = 0;
  for (let step = 1; step <= steps; step++) {
    if (cursor >= batches.length) {
      batches = epochOrder(examples, batchSize, job.seed, ++epoch);
      cursor = 0;
    }
    const micro = batches.slice(cursor, cursor + accumulate);
    cursor += accumulate;
    const learningRate = from * (to / from) ** ((step - 1) / Math.max(1, steps - 1));
    const { loss } = trainer.trainStep(examples, micro, { epoch: 0, step, seed: job.seed, learningRate });
    mean = SMOOTHING * mean + (1 - SMOOTHING) * loss;
    const smoothed = mean / (1 - SMOOTHING ** step);
    const point = { learningRate, loss, smoothed };
    points.push(point);
    await onStep(point, step);
    lowest = Math.min(lowest, smoothed);
    if (!Number.isFinite(smoothed) || smoothed > DIVERGED * lowest) return { ...advice(points), diverged: true };
  }
  return { ...advice(points), diverged: false };
}

/** What the curve says. The first points, where the mean is of few losses, do not count. */
function advice(points: readonly RangePoint[]): Pick<RangeTest, 'points' | 'steepest' | 'suggested'> {
  const settled = points
    .slice(Math.min(10, Math.floor(points.length / 4)))
    .filter(({ smoothed }) => Number.isFinite(smoothed));
  const low = settled.reduce(
    (best, point) => (point.smoothed < best.smoothed ? point : best),
    settled[0] ?? points[0]!,
  );
  let steepest: { readonly rate: number; readonly slope: number } | null = null;
  for (const [i, point] of settled.entries()) {
    const before = settled[i - 1];
    if (!before || point.learningRate > low.learningRate) continue;
    const slope = (point.smoothed - before.smoothed) / Math.log(point.learningRate / before.learningRate);
    if (slope < (steepest?.slope ?? 0)) steepest = { rate: point.learningRate, slope };
  }
  return { points, steepest: steepest?.rate ?? null, suggested: low.learningRate / 10 };
}

import { balanceOf } from '../job/balance.js';
import type { Job } from '../job/schema.js';
import type { Observation, Position, SegmentStats, StopReason, TrainUntil } from '../workflows/contract.js';
import { NonFiniteStep } from './compile/problems.js';
import type { Examples } from './examples/examples.js';
import { keptEpochOrder, stepsPerEpochOf } from './examples/order.js';
import { feedAhead, type Feed, type StepToGather } from './feed/ahead.js';
import { gatherHere, type Gatherer } from './feed/gatherer.js';
import { learningRateAt } from './schedules/learning-rate.js';
import type { Trainer } from './trainer.js';

export interface StepReport {
  readonly position: Position;
  readonly loss: number;
  readonly learningRate: number;
  readonly examplesPerSecond: number;
  /** Share of the time so far that was spent waiting for a batch. */
  readonly waiting: number;
}

export interface Segment {
  readonly trainer: Trainer;
  readonly examples: Examples;
  /** What gathers the batches of `examples`; else it is done between steps. */
  readonly gatherer?: Gatherer;
  readonly job: Job;
  readonly from: Position;
  readonly until: TrainUntil;
  /** Validation metrics of the steps before `from`: a schedule may depend on them. */
  readonly observations: readonly Observation[];
  /** Asked before each step; true ends the segment there. */
  readonly interrupted: () => boolean;
  /** Called before each step with what it will train on; `step` is the number of the one that it makes done. */
  readonly onBegin?: (position: Position, batches: readonly Int32Array[]) => void;
  /** Called after each step; the loop waits for it, so that messages can come in between steps. */
  readonly onStep: (report: StepReport) => Promise<void>;
  /** Milliseconds; only decides where to cut and what to report, never a weight. */
  readonly clockMs: () => number;
}

/** The loss stopped being a number: a wrong learning rate or broken data, which another try would meet again. */
export class NonFiniteLoss extends Error {
  override readonly name = 'NonFiniteLoss';
}

/** Trains from one position to the end of the epoch, the next boundary or an interruption, whichever comes first. */
export async function trainSegment(segment: Segment): Promise<TrainedOn> {
  const { examples, job, gatherer = gatherHere(examples), clockMs } = segment;
  const { step, epoch, cursor } = segment.from;
  const sampling = balanceOf(job.data) === 'sampling';
  const order = keptEpochOrder(examples, job.train.batchSize, job.seed, epoch, sampling);
  const steps = stepsFrom(order, job, step, epoch, cursor);
  const feed = feedAhead(gatherer, steps, job.train.batchSize, clockMs);
  try {
    return await trainOn(feed, order, segment);
  } finally {
    await feed.close();
  }
}

export interface TrainedOn {
  readonly reached: Position;
  readonly reason: StopReason;
  readonly stats: SegmentStats;
}

/** The steps of an epoch from `cursor` on. */
function* stepsFrom(
  order: readonly Int32Array[],
  { seed, train: { accumulate } }: Job,
  step: number,
  epoch: number,
  cursor: number,
): Generator<StepToGather, undefined> {
  for (; cursor * accumulate < order.length; step++, cursor++) {
    yield { batches: microBatches(order, cursor, accumulate), at: { seed, epoch, step: step + 1 } };
  }
}

const microBatches = (order: readonly Int32Array[], cursor: number, accumulate: number): Int32Array[] =>
  order.slice(cursor * accumulate, (cursor + 1) * accumulate);

async function trainOn(feed: Feed, order: readonly Int32Array[], segment: Segment): Promise<TrainedOn> {
  const { trainer, examples, job, until, clockMs } = segment;
  const { epochs, accumulate } = job.train;
  const { epoch } = segment.from;
  const stepsPerEpoch = stepsPerEpochOf(examples.count, job.train);
  // From here on: the epochs before may have been cut into other batches, or this run begun by another one.
  const began = segment.from.step - segment.from.cursor;
  const totalSteps = began + (epochs - epoch) * stepsPerEpoch;
  const lastStep = Math.min(until.step, began + stepsPerEpoch);
  const startMs = clockMs();
  let { step, cursor } = segment.from;
  let [seen, lossSum] = [0, 0];
  let reason: StopReason = 'reached';

  while (step < lastStep) {
    if (segment.interrupted()) {
      reason = 'interrupted';
      break;
    }
    if (until.minutes !== null && seen > 0 && clockMs() - startMs >= until.minutes * 60_000) {
      reason = 'minutes';
      break;
    }
    const micro = microBatches(order, cursor, accumulate);
    const learningRate = learningRateAt(job.train, step + 1, totalSteps, segment.observations);
    const at = { epoch, step: step + 1, seed: job.seed, learningRate };
    let loss: number;
    const gathered = await feed.next();
    segment.onBegin?.({ step: step + 1, epoch, cursor }, micro);
    try {
      ({ loss } = trainer.runStep(gathered, at));
    } catch (error) {
      if (!(error instanceof NonFiniteStep)) throw error;
      // No variable was written. What was trained before is made durable first, so that the step can be done again from there.
      if (seen > 0 && accumulate === 1) {
        reason = 'interrupted';
        break;
      }
      throw new NonFiniteLoss(
        `step ${step + 1} (epoch ${epoch + 1}): ${error.checked} is ${error.found}, expected finite numbers. ` +
          `Lower train.learningRate (now ${job.train.learningRate}), set train.clipNorm, or look for odd rows in the data; ` +
          `the newest checkpoint is the state before it.`,
        { cause: error },
      );
    }
    step += 1;
    cursor += 1;
    for (const batch of micro) seen += batch.length;
    lossSum += loss;
    const seconds = Math.max(1e-3, (clockMs() - startMs) / 1000);
    const waiting = feed.waitedMs / 1000 / seconds;
    const position = { step, epoch, cursor };
    await segment.onStep({ position, loss, learningRate, examplesPerSecond: seen / seconds, waiting });
  }
  const endsEpoch = cursor === stepsPerEpoch;
  const reached = { step, epoch: epoch + (endsEpoch ? 1 : 0), cursor: endsEpoch ? 0 : cursor };
  const steps = step - segment.from.step;
  const stats = {
    steps,
    examples: seen,
    trainSeconds: (clockMs() - startMs) / 1000,
    waitSeconds: feed.waitedMs / 1000,
    meanLoss: steps === 0 ? 0 : lossSum / steps,
  };
  return { reached, reason, stats };
}

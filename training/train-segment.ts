import type { Job } from '../job/schema.js';
import type { Position, SegmentStats, StopReason, TrainUntil } from '../workflows/contract.js';
import { batchesPerEpoch, countOf, epochOrder, gather, type TokenTable } from './batches.js';
import type { Classifier } from './classifier.js';
import { learningRateAt } from './schedules/learning-rate.js';

export interface StepReport {
  readonly position: Position;
  readonly loss: number;
  readonly learningRate: number;
  readonly examplesPerSecond: number;
}

export interface Segment {
  readonly classifier: Classifier;
  readonly examples: TokenTable;
  readonly job: Job;
  readonly from: Position;
  readonly until: TrainUntil;
  /** Asked before each step; true ends the segment there. */
  readonly interrupted: () => boolean;
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
export async function trainSegment(
  segment: Segment,
): Promise<{ reached: Position; reason: StopReason; stats: SegmentStats }> {
  const { classifier, examples, job, until, clockMs } = segment;
  const { batchSize, epochs } = job.train;
  const stepsPerEpoch = batchesPerEpoch(countOf(examples), batchSize);
  const totalSteps = stepsPerEpoch * epochs;
  const lastStep = Math.min(until.step, (segment.from.epoch + 1) * stepsPerEpoch);
  const batches = epochOrder(examples, batchSize, job.seed, segment.from.epoch);
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
    const batch = gather(examples, batches[cursor]!, batchSize, classifier.spec.maxLength);
    const learningRate = learningRateAt(job.train, step + 1, totalSteps);
    const { loss, gradientNorm } = classifier.trainStep(batch, job.seed, step + 1, learningRate);
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      throw new NonFiniteLoss(
        `step ${step + 1}: the loss is ${loss} and the gradient norm ${gradientNorm}, expected finite numbers. ` +
          `Lower train.learningRate (now ${job.train.learningRate}) or set train.clipNorm.`,
      );
    }
    step += 1;
    cursor += 1;
    seen += batch.examples;
    lossSum += loss;
    const position = { step, epoch: segment.from.epoch, cursor };
    const seconds = Math.max(1e-3, (clockMs() - startMs) / 1000);
    await segment.onStep({ position, loss, learningRate, examplesPerSecond: seen / seconds });
  }
  const endsEpoch = cursor === stepsPerEpoch;
  const reached = { step, epoch: segment.from.epoch + (endsEpoch ? 1 : 0), cursor: endsEpoch ? 0 : cursor };
  const steps = step - segment.from.step;
  const stats = {
    steps,
    examples: seen,
    trainSeconds: (clockMs() - startMs) / 1000,
    meanLoss: steps === 0 ? 0 : lossSum / steps,
  };
  return { reached, reason, stats };
}

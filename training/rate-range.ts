/** The learning-rate range test of Smith, 2015 (https://arxiv.org/abs/1506.01186): one short run over growing rates. */
import { balanceOf } from '../job/balance.js';
import type { Job } from '../job/schema.js';
import type { Examples } from './examples/examples.js';
import { epochOrder } from './examples/order.js';
import { rateAdvice, type RateAdvice } from './rate-advice.js';
import type { Trainer } from './trainer.js';

export interface RangeTest extends RateAdvice {
  /** `range`: every rate was tried. `diverged`: the loss was past saving before the last one. */
  readonly ended: 'range' | 'diverged' | 'interrupted';
}

export interface RangeInput {
  readonly trainer: Trainer;
  readonly examples: Examples;
  readonly job: Job;
  readonly steps: number;
  /** Rates of the first and the last step; each step's is the one before times the same factor. */
  readonly from: number;
  readonly to: number;
  /** Asked before each step; true ends the test there. */
  readonly interrupted: () => boolean;
  /** Called after each step; the loop waits for it. */
  readonly onStep: (step: {
    readonly step: number;
    readonly loss: number;
    readonly learningRate: number;
  }) => Promise<void>;
}

/** Of the running mean that tells when the loss is past saving. */
const MEMORY = 0.8;
/** It is at so many times its lowest, and above what it began with. */
const DIVERGED = 4;

/**
 * Trains from the state that the trainer holds, the rate growing at every step, and says what the losses mean. Everything but
 * the rate is as in the job's first epoch: batches, clipping, dropout, what trains. The state is lost.
 */
export async function rateRange(input: RangeInput): Promise<RangeTest> {
  const { trainer, job, steps, from, to } = input;
  const rates: number[] = [];
  const losses: number[] = [];
  const batches = batchesForEver(input);
  let [mean, lowest] = [0, Infinity];
  const end = (ended: RangeTest['ended']): RangeTest => ({ ...rateAdvice(rates, losses), ended });

  for (let step = 1; step <= steps; step++) {
    if (input.interrupted()) return end('interrupted');
    const learningRate = from * (to / from) ** ((step - 1) / Math.max(1, steps - 1));
    const micro = batches.next().value;
    const { loss } = trainer.trainStep(input.examples, micro, { epoch: 0, step, seed: job.seed, learningRate });
    if (!Number.isFinite(loss)) return end('diverged');
    rates.push(learningRate);
    losses.push(loss);
    await input.onStep({ step, loss, learningRate });
    mean = MEMORY * mean + (1 - MEMORY) * loss;
    const running = mean / (1 - MEMORY ** step);
    lowest = Math.min(lowest, running);
    if (running > DIVERGED * lowest && running > losses[0]!) return end('diverged');
  }
  return end('range');
}

/** The micro-batches of one step after another, epoch after epoch. */
function* batchesForEver({ examples, job }: RangeInput): Generator<readonly Int32Array[], never> {
  const { batchSize, accumulate } = job.train;
  for (let epoch = 0; ; epoch++) {
    const batches = epochOrder(examples, batchSize, job.seed, epoch, balanceOf(job.data) === 'sampling');
    for (let at = 0; at < batches.length; at += accumulate) yield batches.slice(at, at + accumulate);
  }
}

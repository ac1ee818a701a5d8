import { expect, test } from 'vitest';
import { learningRateAt } from '../../training/schedules/learning-rate.js';
import { trainSegment, type Segment } from '../../training/train-segment.js';
import { tinyJobWith } from '../support/observations.js';

/** 192 examples: 48 steps of 4. The trainer only writes down the rates it is given. */
async function ratesOf(train: Record<string, unknown>, from: Segment['from'], until: number) {
  const job = tinyJobWith({ train });
  const rates: number[] = [];
  const trainer = {
    runStep: (_: unknown, { learningRate }: { learningRate: number }) => {
      rates.push(learningRate);
      return { loss: 1, gradientNorm: 1 };
    },
  };
  const { reached } = await trainSegment({
    ...{ job, from, until: { step: until, minutes: null }, observations: [] },
    trainer: trainer as unknown as Segment['trainer'],
    examples: { count: 192, lengthOf: () => 1 } as unknown as Segment['examples'],
    gatherer: { gather: () => Promise.resolve({ bucket: 1, feeds: {} }) },
    interrupted: () => false,
    onStep: () => Promise.resolve(),
    clockMs: () => 0,
  });
  return { rates, reached, job };
}

test('the schedule counts the steps of the new total: those done, and those left as they are cut now', async () => {
  // One epoch of 48 steps is done; batches of 8 from here on, to the end of the third epoch: 48 + 2 · 24.
  const { rates, reached, job } = await ratesOf({ epochs: 3, batchSize: 8 }, { step: 48, epoch: 1, cursor: 0 }, 99);
  expect(reached).toEqual({ step: 72, epoch: 2, cursor: 0 });
  expect(rates).toEqual(Array.from({ length: 24 }, (_, i) => learningRateAt(job.train, 49 + i, 96)));
});

test('an unadjusted run counts as it always did', async () => {
  const { rates, reached, job } = await ratesOf({ epochs: 3 }, { step: 60, epoch: 1, cursor: 12 }, 70);
  expect(reached).toEqual({ step: 70, epoch: 1, cursor: 22 });
  expect(rates).toEqual(Array.from({ length: 10 }, (_, i) => learningRateAt(job.train, 61 + i, 144)));
});

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { jobSchema, type Job } from '../../../job/schema.js';
import { learningRateAt } from '../../../training/schedules/learning-rate.js';
import { reductions } from '../../../training/schedules/plateau.js';
import type { Observation } from '../../../workflows/contract.js';

const fixture = JSON.parse(readFileSync(new URL('../../fixtures/schedules.json', import.meta.url), 'utf8')) as {
  readonly steps: number;
  readonly warmupSteps: number;
  readonly learningRate: number;
  readonly stepsPerEpoch: number;
  readonly losses: readonly (number | null)[];
  readonly accuracies: readonly number[];
  readonly cases: readonly { readonly schedule: Job['train']['schedule']; readonly rates: readonly number[] }[];
};
const { steps, warmupSteps, learningRate } = fixture;
const trainOf = (schedule: unknown) => jobSchema.shape.train.parse({ schedule, warmupSteps, learningRate });

/** Of a loss that was not a number Temporal's JSON makes null. */
const observations = fixture.losses.map((loss, i) => ({
  loss,
  accuracy: fixture.accuracies[i],
  examples: 1,
  step: (i + 1) * fixture.stepsPerEpoch,
  epoch: i + 1,
})) as unknown as readonly Observation[];

test.each(fixture.cases.map((each) => [JSON.stringify(each.schedule), each] as const))(
  '%s follows transformers and torch at every step, to 1e-7',
  (_, { schedule, rates }) => {
    expect(rates).toHaveLength(steps);
    rates.forEach((rate, i) => {
      const found = learningRateAt(trainOf(schedule), i + 1, steps, observations);
      if (Math.abs(rate) < 1e-12) expect(Math.abs(found), `step ${i + 1}`).toBeLessThan(1e-12);
      else expect(Math.abs(found / rate - 1), `step ${i + 1}`).toBeLessThan(1e-7);
    });
  },
);

test('a schedule given by its name has the defaults of the schema', () => {
  const named = ['cosine', 'cosine-restarts', 'polynomial', 'one-cycle', 'reduce-on-plateau'] as const;
  for (const name of named) {
    for (let step = 1; step <= steps; step++) {
      const rateOf = (schedule: unknown) => learningRateAt(trainOf(schedule), step, steps, observations);
      expect(rateOf(name), `${name}, step ${step}`).toBe(rateOf({ name }));
    }
  }
});

test('warmup-linear and constant are bit for bit what they were', () => {
  for (const [warmup, total] of [
    [0, 7],
    [3, 10],
    [50, 20],
    [13, 100],
  ] as const) {
    for (let step = 1; step <= total; step++) {
      const train = (schedule: 'constant' | 'warmup-linear') => ({ schedule, warmupSteps: warmup, learningRate: 5e-5 });
      const rise = Math.min(1, step / Math.max(1, warmup));
      const fall = Math.max(0, (total - step + 1) / Math.max(1, total - warmup));
      expect(learningRateAt(train('warmup-linear'), step, total, [])).toBe(5e-5 * Math.min(rise, fall));
      expect(learningRateAt(train('constant'), step, total, [])).toBe(5e-5 * rise);
    }
  }
});

test('every schedule gives a rate from 0 to its peak, however few steps there are', () => {
  for (const { schedule } of fixture.cases) {
    for (const total of [1, 2, 3, 4, 10, 13, 14]) {
      for (let step = 1; step <= total; step++) {
        const rate = learningRateAt(trainOf(schedule), step, total, observations);
        const place = `${JSON.stringify(schedule)}, step ${step} of ${total}`;
        expect(rate, place).toBeGreaterThanOrEqual(0);
        expect(rate, place).toBeLessThanOrEqual(learningRate * (1 + 1e-12));
      }
    }
  }
});

test('a plateau is told by earlier epochs only, in the order of their steps', () => {
  const train = trainOf({ name: 'reduce-on-plateau', factor: 0.5, patience: 1 });
  for (const step of [14, 40, 65, 66, 100]) {
    const earlier = observations.filter((observation) => observation.step < step);
    const rate = learningRateAt(train, step, steps, earlier);
    expect(learningRateAt(train, step, steps, [...observations].reverse()), `step ${step}`).toBe(rate);
  }
  expect(reductions(observations.slice(0, 3), 'validation.loss', 1)).toBe(0);
  expect(reductions([], 'validation.loss', 1)).toBe(0);
});

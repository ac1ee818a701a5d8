import { describe, expect, it } from 'vitest';
import type { Examples } from '../../training/examples/examples.js';
import { rateAdvice } from '../../training/rate-advice.js';
import { rateRange, type RangeInput } from '../../training/rate-range.js';
import type { Trainer } from '../../training/trainer.js';
import { tinyJob } from '../support/tiny-run.js';
import { seededRandom } from '../support/random.js';

const ratesBetween = (from: number, to: number, steps: number) =>
  Array.from({ length: steps }, (_, i) => from * (to / from) ** (i / (steps - 1)));
const RATES = ratesBetween(1e-7, 1, 100);

/** A plateau, a fall around 3e-4 that is over at 3e-3, and what comes after 1e-2. */
const curve = (rate: number, after: number): number => {
  const at = Math.log10(rate);
  return 1 + 2 / (1 + Math.exp(4 * (at + 3.5))) + (at > -2 ? after * (at + 2) ** 2 : 0);
};
const noise = (deviation: number, seed = 1) => {
  const random = seededRandom(seed);
  return () => deviation * Math.sqrt(12) * (random() - 0.5);
};

describe('what a range test says', () => {
  it('of a curve that falls and explodes: the steepest place, the lowest, and a tenth of it', () => {
    const { steepest, lowest, suggested, stillFalling } = rateAdvice(
      RATES,
      RATES.map((rate) => curve(rate, 5)),
    );
    expect(Math.log10(steepest!)).toBeCloseTo(-3.5, 0);
    expect(lowest).toBeGreaterThan(2e-3);
    expect(lowest).toBeLessThan(2e-2);
    expect(suggested).toBe(Number((lowest! / 10).toPrecision(2)));
    expect(stillFalling).toBe(false);
  });

  it.each([1, 2, 3, 4, 5])('the same through the noise of batches (seed %i)', (seed) => {
    const noisy = noise(0.1, seed);
    const { steepest, suggested } = rateAdvice(
      RATES,
      RATES.map((rate) => curve(rate, 5) + noisy()),
    );
    expect(Math.abs(Math.log10(steepest!) + 3.5)).toBeLessThan(0.6);
    expect(suggested).toBeGreaterThan(1e-4);
    expect(suggested).toBeLessThan(2e-3);
  });

  it('of a curve that falls to the end: that a larger rate may do better', () => {
    const rates = ratesBetween(1e-6, 1e-3, 60);
    const { lowest, stillFalling } = rateAdvice(
      rates,
      rates.map((rate) => curve(rate, 0)),
    );
    expect({ lowest, stillFalling }).toEqual({ lowest: rates.at(-1), stillFalling: true });
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('nothing of a flat curve, however noisy (seed %i)', (seed) => {
    const noisy = noise(0.3, seed);
    const losses = RATES.map(() => 3 + noisy());
    expect(rateAdvice(RATES, losses)).toMatchObject({ steepest: null, lowest: null, suggested: null });
    expect(
      rateAdvice(
        RATES,
        RATES.map(() => 3),
      ),
    ).toMatchObject({ suggested: null });
  });

  it('nothing of a curve that only rises, and of too few steps', () => {
    const rising = RATES.map((_, i) => 1 + (i / 100) ** 2);
    expect(rateAdvice(RATES, rising)).toMatchObject({ steepest: null, suggested: null });
    const [rates, losses] = [RATES.slice(0, 9), [9, 8, 7, 6, 5, 4, 3, 2, 1]];
    expect(rateAdvice(rates, losses)).toMatchObject({ suggested: null });
    expect(rateAdvice([], [])).toMatchObject({ points: [], suggested: null });
  });

  it('is not moved by the losses of other rates: the smoothed curve does not lag', () => {
    const { points } = rateAdvice(
      RATES,
      RATES.map((rate) => curve(rate, 0)),
    );
    const middle = points.find(({ smoothed }) => smoothed < 2)!;
    expect(Math.log10(middle.learningRate)).toBeCloseTo(-3.5, 0);
  });
});

describe('rateRange', () => {
  const seen: { rate: number; batch: number[]; step: number }[] = [];
  /** Losses are a function of the rate. */
  const input = (lossAt: (rate: number) => number, more: Partial<RangeInput> = {}): RangeInput => {
    seen.length = 0;
    const job = tinyJob();
    const trainer: Pick<Trainer, 'trainStep'> = {
      trainStep: (_, batches, { learningRate, step }) => {
        seen.push({ rate: learningRate, batch: batches.flatMap((batch) => [...batch]), step });
        return { loss: lossAt(learningRate), gradientNorm: 1 };
      },
    };
    const examples = { count: 40, lengthOf: () => 1 } as unknown as Examples;
    return {
      ...{ trainer: trainer as Trainer, examples, job, steps: 29, from: 1e-6, to: 1 },
      interrupted: () => false,
      onStep: () => Promise.resolve(),
      ...more,
    };
  };

  it('tries rates that grow by one factor from the first to the last, epoch after epoch', async () => {
    const { ended, points } = await rateRange(input((rate) => curve(rate, 0)));
    expect(ended).toBe('range');
    expect(seen.map(({ step }) => step)).toEqual(Array.from({ length: 29 }, (_, i) => i + 1));
    expect(points[0]!.learningRate).toBeCloseTo(1e-6, 12);
    expect(points.at(-1)!.learningRate).toBeCloseTo(1, 12);
    for (let i = 1; i < seen.length; i++) expect(seen[i]!.rate / seen[i - 1]!.rate).toBeCloseTo(10 ** (6 / 28), 9);
    // 40 examples by 16 make 3 batches an epoch: each epoch has every example once, and another order.
    const epochs = [0, 3].map((at) => seen.slice(at, at + 3).flatMap(({ batch }) => batch));
    for (const epoch of epochs) expect(new Set(epoch).size).toBe(40);
    expect(epochs[0]).not.toEqual(epochs[1]);
  });

  it('ends where the loss explodes, and where it is no number', async () => {
    const exploded = await rateRange(input((rate) => (rate > 0.01 ? 1e6 : curve(rate, 0))));
    expect(exploded.ended).toBe('diverged');
    expect(exploded.points.length).toBeLessThan(29);
    const broken = await rateRange(input((rate) => (rate > 0.01 ? NaN : curve(rate, 0))));
    expect(broken.ended).toBe('diverged');
    expect(broken.points.every(({ smoothed }) => Number.isFinite(smoothed))).toBe(true);
    expect(broken.suggested).not.toBeNull();
  });

  it('does not take a small loss that wavers for an explosion', async () => {
    let step = 0;
    const { ended } = await rateRange(input(() => (++step < 4 ? 0.7 : step === 26 ? 0.3 : 0.001)));
    expect(ended).toBe('range');
  });

  it('ends after the step under way when it is interrupted, with what it has', async () => {
    let step = 0;
    const { ended, points } = await rateRange(input((rate) => curve(rate, 0), { interrupted: () => ++step > 12 }));
    expect({ ended, steps: points.length }).toEqual({ ended: 'interrupted', steps: 12 });
  });
});

import { describe, expect, test } from 'vitest';
import { policyOf } from '../../../workflows/policies/early-stopping.js';
import { told } from '../../../workflows/policies/told.js';
import type { Observation } from '../../../workflows/contract.js';
import { learningRateAt } from '../../../training/schedules/learning-rate.js';
import { seededRandom } from '../../support/random.js';
import { observed, tinyJobWith } from '../../support/observations.js';

const EPOCHS = 2000;
const plateau = tinyJobWith({
  selectBest: 'validation.accuracy',
  train: {
    epochs: EPOCHS,
    schedule: { name: 'reduce-on-plateau', metric: 'validation.f1', patience: 20, factor: 0.9 },
  },
});
const random = seededRandom(3);
/** A metric that improves now and then, and metrics that nothing is decided by. */
const many: Observation[] = observed(Array.from({ length: EPOCHS }, () => 1 + random())).map((each, i) => ({
  ...each,
  accuracy: random(),
  f1: 1 - 1 / (1 + Math.floor(i / 7) + (i % 7 === 0 ? 0.5 : 0)) - (i > 900 ? 0.4 * random() : 0),
  ...{ f1macro: random(), mcc: random(), auroc: random(), auprc: random(), precision: random(), recall: random() },
}));
/** As a run meets them, one after another. */
const overTime = (job: typeof plateau, all: readonly Observation[]): Observation[] => {
  let kept: Observation[] = [];
  for (const observation of all) kept = told(job, [...kept, observation]);
  return kept;
};

describe('the observations that a run carries', () => {
  test('a rate that depends on all of them is the same to the last epoch', () => {
    let kept: Observation[] = [];
    const rates = new Set<number>();
    for (const [i, observation] of many.entries()) {
      kept = told(plateau, [...kept, observation]);
      if (i % 50 !== 0) continue;
      const step = observation.step + 1;
      const rate = learningRateAt(plateau.train, step, 10 * EPOCHS, kept);
      expect(rate).toBe(learningRateAt(plateau.train, step, 10 * EPOCHS, many.slice(0, i + 1)));
      rates.add(rate);
    }
    expect(kept).toHaveLength(EPOCHS);
    expect(rates.size).toBeGreaterThan(10);
  });

  test('of any other schedule only the newest, the best and the record are carried', () => {
    const job = tinyJobWith({
      selectBest: 'validation.accuracy',
      train: { epochs: EPOCHS, stopEarly: { patience: 3 } },
    });
    const kept = overTime(job, many);
    expect(kept.length).toBeLessThanOrEqual(202);
    expect(kept.slice(-200)).toEqual(many.slice(-200));
    const best = [...many].sort((a, b) => b['accuracy']! - a['accuracy']!)[0];
    expect(kept).toContainEqual(best);
    expect(policyOf(job, kept)).toEqual(policyOf(job, many));
  });

  test('early stopping counts also beyond 200 epochs', () => {
    const job = tinyJobWith({ train: { epochs: EPOCHS, stopEarly: { patience: 300 } } });
    const losses = [0.1, ...Array.from({ length: 299 }, () => 1)];
    expect(policyOf(job, overTime(job, observed(losses)))).toMatchObject({ shouldStop: false });
    expect(policyOf(job, overTime(job, observed([...losses, 1])))).toMatchObject({ shouldStop: true });
  });

  test('they fit a payload: older ones have only what is decided by', () => {
    const kept = overTime(plateau, many);
    expect(JSON.stringify(kept).length).toBeLessThan(300_000);
    expect(JSON.stringify(many).length).toBeGreaterThan(500_000);
    expect(Object.keys(kept[0]!).sort()).toEqual(['accuracy', 'epoch', 'examples', 'f1', 'loss', 'step']);
    expect(kept.slice(-200)).toEqual(many.slice(-200));
  });

  test('they are the same whatever was carried before: none of it is worked out twice', () => {
    expect(overTime(plateau, many.slice(0, 450))).toEqual(told(plateau, many.slice(0, 450)));
  });
});

import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { stepsToKeep } from '../../../workflows/policies/keep.js';
import { best, ranked } from '../../../workflows/policies/selection.js';
import type { Observation } from '../../../workflows/contract.js';
import { observed, tinyJobWith } from '../../support/observations.js';

const stepsOf = (ranking: readonly { step: number }[]) => ranking.map(({ step }) => step);

describe('ranked', () => {
  it('puts the lowest loss first, and of equals the earlier', () => {
    expect(stepsOf(ranked(observed([0.5, 0.3, 0.3, 0.4]), 'validation.loss'))).toEqual([20, 30, 40, 10]);
  });

  it('puts the highest accuracy or F1 first', () => {
    const told = observed([1, 1, 1]).map((each, index) => ({ ...each, accuracy: [0.2, 0.9, 0.5][index]!, f1: index }));
    expect(stepsOf(ranked(told, 'validation.accuracy'))).toEqual([20, 30, 10]);
    expect(stepsOf(ranked(told, 'validation.f1'))).toEqual([30, 20, 10]);
  });

  it('puts a loss that is not a number last, wherever it stands', () => {
    expect(stepsOf(ranked(observed([NaN, 0.5, 0.4]), 'validation.loss'))).toEqual([30, 20, 10]);
    expect(stepsOf(ranked(observed([0.5, NaN, 0.4]), 'validation.loss'))).toEqual([30, 10, 20]);
    const throughJson = JSON.parse(JSON.stringify(observed([0.5, NaN, 0.4]))) as Observation[];
    expect(stepsOf(ranked(throughJson, 'validation.loss'))).toEqual([30, 10, 20]);
  });
});

test('best is the first of ranked, whatever the metrics and their order', () => {
  const value = fc.oneof(fc.constantFrom(0, 0.5, 1), fc.double(), fc.constant(NaN));
  fc.assert(
    fc.property(fc.array(value), (losses) => {
      const told = observed(losses);
      for (const order of [told, [...told].reverse()]) {
        expect(best(order, 'validation.loss')).toBe(ranked(order, 'validation.loss')[0] ?? null);
      }
    }),
  );
});

describe('stepsToKeep', () => {
  it('names the best ones, as many as the job keeps', () => {
    const told = observed([0.5, 0.3, 0.4]);
    expect(stepsToKeep(tinyJobWith({}), told)).toEqual([20]);
    expect(stepsToKeep(tinyJobWith({ checkpoint: { keep: { best: 2 } } }), told)).toEqual([20, 30]);
    expect(stepsToKeep(tinyJobWith({}), [])).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { policyOf } from '../../../workflows/policies/early-stopping.js';
import { observed, tinyJobWith } from '../../support/observations.js';

const patient = (stopEarly: object) => tinyJobWith({ train: { stopEarly } });

describe('policyOf', () => {
  it('without stopEarly a run trains all its epochs, and still knows its best', () => {
    const policy = policyOf(tinyJobWith({}), observed([0.5, 0.9, 0.9, 0.9, 0.9]));
    expect(policy).toMatchObject({ shouldStop: false, epochsWithoutImprovement: 0, best: { loss: 0.5 } });
  });

  it('stops after as many epochs without an improvement as it has patience', () => {
    const job = patient({ patience: 2 });
    expect(policyOf(job, observed([1, 0.9, 0.95])).shouldStop).toBe(false);
    expect(policyOf(job, observed([1, 0.9, 0.95, 0.92]))).toMatchObject({
      shouldStop: true,
      epochsWithoutImprovement: 2,
      best: { loss: 0.9 },
    });
  });

  it('an improvement begins the count again', () => {
    expect(policyOf(patient({ patience: 2 }), observed([1, 1.1, 0.9, 0.95]))).toMatchObject({
      shouldStop: false,
      epochsWithoutImprovement: 1,
    });
  });

  it('less than minDelta is no improvement, however often', () => {
    const job = patient({ patience: 3, minDelta: 0.1 });
    expect(policyOf(job, observed([1, 0.95, 0.92, 0.91]))).toMatchObject({ shouldStop: true });
    expect(policyOf(job, observed([1, 0.95, 0.85]))).toMatchObject({ epochsWithoutImprovement: 0 });
  });

  it('a higher accuracy is better, a lower loss is', () => {
    const accuracies = observed([1, 1, 1]).map((each, index) => ({ ...each, accuracy: [0.5, 0.6, 0.7][index]! }));
    expect(policyOf(patient({ metric: 'validation.accuracy' }), accuracies).epochsWithoutImprovement).toBe(0);
    expect(policyOf(patient({ metric: 'validation.loss' }), accuracies).shouldStop).toBe(true);
  });

  it('a metric that is NaN is no improvement', () => {
    expect(policyOf(patient({ patience: 2 }), observed([1, NaN, NaN]))).toMatchObject({
      shouldStop: true,
      best: { loss: 1 },
    });
  });

  it('is a function of the steps, not of the order in which they are told', () => {
    const job = patient({ patience: 2 });
    const told = observed([1, 0.9, 0.95, 0.97]);
    expect(policyOf(job, [...told].reverse())).toEqual(policyOf(job, told));
  });
});

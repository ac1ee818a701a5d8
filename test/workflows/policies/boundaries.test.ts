import { describe, expect, it } from 'vitest';
import { nextBoundary } from '../../../workflows/policies/boundaries.js';
import { tinyJobWith } from '../../support/observations.js';

const at = (step: number, epoch: number) => ({ step, epoch, cursor: step - 48 * epoch });

describe('nextBoundary', () => {
  it('is the next multiple of everySteps, or the end of the epoch when that is nearer', () => {
    const job = tinyJobWith({ checkpoint: { everySteps: 20 } });
    const boundaries = [at(0, 0), at(20, 0), at(40, 0), at(48, 1), at(60, 1), at(80, 1), at(96, 2)];
    expect(boundaries.map((position) => nextBoundary(job, position, 48).step)).toEqual([20, 40, 48, 60, 80, 96, 100]);
  });

  it('is the same one from wherever in the segment a run goes on', () => {
    const job = tinyJobWith({ checkpoint: { everySteps: 20 } });
    for (const step of [21, 27, 39]) expect(nextBoundary(job, at(step, 0), 48).step).toBe(40);
  });

  it('without everySteps it is the end of the epoch, and the minutes come along', () => {
    const job = tinyJobWith({ checkpoint: { everySteps: undefined, everyMinutes: 3 } });
    expect(nextBoundary(job, at(50, 1), 48)).toEqual({ step: 96, minutes: 3 });
  });
});

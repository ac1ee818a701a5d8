import type { Bits } from '../../data/augment/draws.js';
import { draw } from '../counter-random.js';

/**
 * Which batch of a run is gathered: what is augmented is a function of it. `seed` is the run's, of each micro-batch of a step
 * another; `step` is the number of the step that the batch makes done.
 */
export interface StepDraws {
  readonly seed: number;
  readonly step: number;
}

/** The draws of the batch as a whole. */
export const WHOLE_BATCH = -1;

/** Draws of one row of a batch: its place tells it from the others, also where a batch holds an example twice. */
export function bitsOf({ seed, step }: StepDraws, row: number): Bits {
  const key = draw(seed, step, row);
  return (site, i) => draw(key, site, i);
}

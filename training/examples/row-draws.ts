import type { Bits } from '../../data/augment/draws.js';
import { draw } from '../counter-random.js';
import type { GatherAt } from './examples.js';

/**
 * Draws of one row of a batch, a function of the run's seed, the step, the example and its place in the batch, which may hold an
 * example twice.
 */
export function bitsOf({ seed, step }: GatherAt, example: number, row: number): Bits {
  const key = draw(draw(seed, step, example), row, 0);
  return (site, i) => draw(key, site, i);
}

/** Of the batch as a whole: its first example tells it from the other batches of its step. */
export const batchBitsOf = (at: GatherAt, examples: Int32Array): Bits => bitsOf(at, examples[0] ?? 0, -1);

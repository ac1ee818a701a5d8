import type { Examples, GatherAt, Gathered } from '../examples/examples.js';
import { gatherBatch } from './gather-batch.js';

/** Gathers batches of training rows: here, or on a thread of its own. */
export interface Gatherer {
  /** Batches come in the order in which they are asked for. @throws when what gathers them fails or dies. */
  gather(batch: Int32Array, rows: number, at: GatherAt): Promise<Gathered>;
}

/** Gathers in the calling thread. */
export const gatherHere = (examples: Examples): Gatherer => ({
  gather: async (batch, rows, at) => gatherBatch(examples, batch, rows, at),
});

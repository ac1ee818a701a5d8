import type { Examples, GatherAt, Gathered } from '../examples/examples.js';
import { bucketOf } from '../examples/order.js';

/** A batch of training rows, filled up to `rows`. The same on any thread: it reads nothing but what it is given. */
export function gatherBatch(examples: Examples, batch: Int32Array, rows: number, at: GatherAt): Gathered {
  const bucket = bucketOf(examples, batch);
  return { bucket, feeds: examples.gather(batch, rows, bucket, at) };
}

import { truncatedNormal } from './counter-random.js';

/** Stream of the head's initial weights; epochs use the small numbers (batches.ts). */
const HEAD_STREAM = 0x68656164;

/** A new head: weights from a truncated normal, as BERT's own, biases zero. */
export function initialHead(name: string, shape: readonly number[], std: number, seed: number): Float32Array {
  const count = shape.reduce((product, size) => product * size, 1);
  return name.endsWith('.bias') ? new Float32Array(count) : truncatedNormal(count, std, seed, HEAD_STREAM);
}

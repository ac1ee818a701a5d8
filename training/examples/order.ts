/**
 * Batches of one epoch, a function of (seed, epoch) alone.
 *
 * Examples are shuffled, then sorted by length within pools of many batches, cut into batches and the batches shuffled
 * again: neighbours in length share a batch, so that little is padding, and the order stays random. Each batch is padded to
 * a bucket length, and the graph is compiled once per bucket. The last batch of an epoch is filled up with empty rows that
 * weigh nothing: no example is dropped. Where all examples are of one length the sorting changes nothing.
 */
import type { Job } from '../../job/schema.js';
import { permutation } from '../counter-random.js';
import { balancedDraw } from './balanced-draw.js';
import type { Examples } from './examples.js';

const POOL_BATCHES = 64;

type Lengths = Pick<Examples, 'count' | 'lengthOf'>;

/** Padded length in tokens: 8, 16, … 64, then wider steps: few graphs for long inputs, little padding for short ones. */
export function tokenBucket(length: number, maxLength: number): number {
  const width = length <= 64 ? 8 : length <= 128 ? 16 : length <= 256 ? 32 : 64;
  return Math.min(Math.ceil(Math.max(length, 1) / width) * width, maxLength);
}

/** What a batch of these examples is padded to. */
export function bucketOf(examples: Pick<Examples, 'lengthOf' | 'bucketFor'>, batch: Int32Array): number {
  let longest = 1;
  for (const example of batch) longest = Math.max(longest, examples.lengthOf(example));
  return examples.bucketFor(longest);
}

/** Every bucket that a batch of these sets can have, in order. */
export function bucketsOf(sets: readonly Pick<Examples, 'count' | 'lengthOf' | 'bucketFor'>[]): number[] {
  const buckets = new Set<number>();
  for (const set of sets) for (let i = 0; i < set.count; i++) buckets.add(set.bucketFor(set.lengthOf(i)));
  return [...buckets].sort((a, b) => a - b);
}

export const batchesPerEpoch = (examples: number, batchSize: number): number => Math.ceil(examples / batchSize);

/** Steps of an epoch: `accumulate` batches make one, the last may have fewer. */
export const stepsPerEpochOf = (
  examples: number,
  { batchSize, accumulate }: Pick<Job['train'], 'batchSize' | 'accumulate'>,
): number => Math.ceil(batchesPerEpoch(examples, batchSize) / accumulate);

/**
 * The batches of an epoch as lists of example indices. `sampling`: not every example once, but every class equally often
 * (balanced-draw.ts), in as many batches.
 */
export function epochOrder(
  examples: Lengths & Pick<Examples, 'classes'>,
  batchSize: number,
  seed: number,
  epoch: number,
  sampling = false,
): Int32Array[] {
  let shuffled = permutation(examples.count, seed, 2 * epoch);
  if (sampling) {
    if (!examples.classes) throw new Error('balanced sampling needs the class of every example');
    const drawn = balancedDraw(examples.classes, seed, epoch);
    shuffled = shuffled.map((place) => drawn[place]!);
  }
  const batches: Int32Array[] = [];
  const pool = POOL_BATCHES * batchSize;
  for (let start = 0; start < shuffled.length; start += pool) {
    batches.push(...byLength(examples, shuffled.subarray(start, start + pool), batchSize));
  }
  return Array.from(permutation(batches.length, seed, 2 * epoch + 1), (i) => batches[i]!);
}

const lastOrders = new WeakMap<object, { readonly of: string; readonly batches: readonly Int32Array[] }>();

/**
 * As epochOrder, which takes a second for each million rows. The last order of a set is kept: the segments of an epoch follow one
 * another, and training waits for each to begin.
 */
export function keptEpochOrder(...asked: Parameters<typeof epochOrder>): readonly Int32Array[] {
  const [examples, ...rest] = asked;
  const of = rest.join(' ');
  const last = lastOrders.get(examples);
  if (last?.of === of) return last.batches;
  lastOrders.delete(examples); // two of them need not be in memory
  const batches = epochOrder(...asked);
  lastOrders.set(examples, { of, batches });
  return batches;
}

/** All examples for evaluation, like lengths together. */
export const inOrder = (examples: Lengths, batchSize: number): Int32Array[] =>
  byLength(
    examples,
    Int32Array.from({ length: examples.count }, (_, i) => i),
    batchSize,
  );

/** Cut into batches of neighbours in length; examples of one length keep their order. */
function byLength(examples: Lengths, chosen: Int32Array, batchSize: number): Int32Array[] {
  const places = Int32Array.from(chosen, (_, place) => place);
  places.sort((a, b) => examples.lengthOf(chosen[a]!) - examples.lengthOf(chosen[b]!) || a - b);
  const sorted = places.map((place) => chosen[place]!);
  const batches: Int32Array[] = [];
  for (let i = 0; i < sorted.length; i += batchSize) batches.push(sorted.slice(i, i + batchSize));
  return batches;
}

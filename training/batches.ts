/**
 * Batches of one epoch, a function of (seed, epoch) alone.
 *
 * Examples are shuffled, then sorted by length within pools of many batches, cut into batches and the batches shuffled
 * again: neighbours in length share a batch, so that little is padding, and the order stays random. Each batch is padded to
 * a bucket length, and the graph is compiled once per bucket. The last batch of an epoch is filled up with empty rows that
 * weigh nothing: no example is dropped.
 */
import { permutation } from './counter-random.js';

const POOL_BATCHES = 64;

/** Tokenised examples of one split, back to back: example i is tokens[offsets[i] … offsets[i + 1]). */
export interface TokenTable {
  readonly tokens: Int32Array;
  readonly offsets: Int32Array;
  readonly labels: Int32Array;
}

export interface Batch {
  readonly bucket: number;
  /** Examples; the rows above these are empty. */
  readonly examples: number;
  readonly ids: Int32Array; // (rows, bucket)
  readonly mask: Float32Array; // (rows, bucket)
  readonly labels: Int32Array; // (rows)
  readonly rowWeights: Float32Array; // (rows)
}

/** 8, 16, … 64, then wider steps: few graphs for long inputs, little padding for short ones. */
export function bucketFor(length: number, maxLength: number): number {
  const width = length <= 64 ? 8 : length <= 128 ? 16 : length <= 256 ? 32 : 64;
  return Math.min(Math.ceil(Math.max(length, 1) / width) * width, maxLength);
}

export const countOf = (table: TokenTable): number => table.labels.length;
export const lengthOf = (table: TokenTable, i: number): number => table.offsets[i + 1]! - table.offsets[i]!;

export function bucketsOf(tables: readonly TokenTable[], maxLength: number): number[] {
  const buckets = new Set<number>();
  for (const table of tables)
    for (let i = 0; i < countOf(table); i++) buckets.add(bucketFor(lengthOf(table, i), maxLength));
  return [...buckets].sort((a, b) => a - b);
}

export const batchesPerEpoch = (examples: number, batchSize: number): number => Math.ceil(examples / batchSize);

/** The batches of an epoch as lists of example indices. */
export function epochOrder(table: TokenTable, batchSize: number, seed: number, epoch: number): Int32Array[] {
  const shuffled = permutation(countOf(table), seed, 2 * epoch);
  const batches: Int32Array[] = [];
  const pool = POOL_BATCHES * batchSize;
  for (let start = 0; start < shuffled.length; start += pool) {
    batches.push(...byLength(table, shuffled.subarray(start, start + pool), batchSize));
  }
  return Array.from(permutation(batches.length, seed, 2 * epoch + 1), (i) => batches[i]!);
}

/** All examples for evaluation, like lengths together. */
export const inOrder = (table: TokenTable, batchSize: number): Int32Array[] =>
  byLength(
    table,
    Int32Array.from({ length: countOf(table) }, (_, i) => i),
    batchSize,
  );

/** Cut into batches of neighbours in length; examples of one length keep their order. */
function byLength(table: TokenTable, examples: Int32Array, batchSize: number): Int32Array[] {
  const places = Int32Array.from(examples, (_, place) => place);
  places.sort((a, b) => lengthOf(table, examples[a]!) - lengthOf(table, examples[b]!) || a - b);
  const sorted = places.map((place) => examples[place]!);
  const batches: Int32Array[] = [];
  for (let i = 0; i < sorted.length; i += batchSize) batches.push(sorted.slice(i, i + batchSize));
  return batches;
}

export function gather(table: TokenTable, examples: Int32Array, rows: number, maxLength: number): Batch {
  let longest = 1;
  for (const example of examples) longest = Math.max(longest, lengthOf(table, example));
  const bucket = bucketFor(longest, maxLength);
  const ids = new Int32Array(rows * bucket);
  const mask = new Float32Array(rows * bucket);
  const labels = new Int32Array(rows);
  const rowWeights = new Float32Array(rows);
  examples.forEach((example, row) => {
    const length = lengthOf(table, example);
    ids.set(table.tokens.subarray(table.offsets[example]!, table.offsets[example]! + length), row * bucket);
    mask.fill(1, row * bucket, row * bucket + length);
    labels[row] = table.labels[example]!;
    rowWeights[row] = 1;
  });
  return { bucket, examples: examples.length, ids, mask, labels, rowWeights };
}

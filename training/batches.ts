/** Batches of texts with one class each, as tests and benches of single steps make them; training/examples/ has the general ones. */
import type { Examples } from './examples/examples.js';
import * as order from './examples/order.js';

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

export const bucketFor = order.tokenBucket;
export const batchesPerEpoch = order.batchesPerEpoch;

export const countOf = (table: TokenTable): number => table.labels.length;
export const lengthOf = (table: TokenTable, i: number): number => table.offsets[i + 1]! - table.offsets[i]!;

const lengthsOf = (table: TokenTable, maxLength = Infinity): Omit<Examples, 'gather' | 'targets'> => ({
  count: countOf(table),
  lengthOf: (i) => lengthOf(table, i),
  bucketFor: (length) => bucketFor(length, maxLength),
});

export const bucketsOf = (tables: readonly TokenTable[], maxLength: number): number[] =>
  order.bucketsOf(tables.map((table) => lengthsOf(table, maxLength)));

/** The batches of an epoch as lists of example indices. */
export const epochOrder = (table: TokenTable, batchSize: number, seed: number, epoch: number): Int32Array[] =>
  order.epochOrder(lengthsOf(table), batchSize, seed, epoch);

/** All examples for evaluation, like lengths together. */
export const inOrder = (table: TokenTable, batchSize: number): Int32Array[] =>
  order.inOrder(lengthsOf(table), batchSize);

export function gather(table: TokenTable, examples: Int32Array, rows: number, maxLength: number): Batch {
  const bucket = order.bucketOf(lengthsOf(table, maxLength), examples);
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

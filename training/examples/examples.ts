import type { FeedValues } from '../compile/program.js';

/** The examples of one split, in memory, ready to be gathered into batches. */
export interface Examples {
  readonly count: number;
  /** Length of an example in tokens; 1 where every example has the same shape. */
  lengthOf(example: number): number;
  /** Padded length of a batch whose longest example has this length. */
  bucketFor(length: number): number;
  /**
   * Inputs and targets of these examples by name, `weights` included, padded to `bucket` and filled up to `rows` with rows that
   * weigh nothing.
   */
  gather(examples: Int32Array, rows: number, bucket: number): Record<string, FeedValues>;
  /** The targets alone, as gather() has them. */
  targets(examples: Int32Array, rows: number, bucket: number): Record<string, FeedValues>;
}

import type { FeedValues } from '../compile/program.js';

/** Where a run is when a batch of training rows is gathered: what they may be changed at random by is drawn from it. */
export interface GatherAt {
  readonly seed: number;
  readonly epoch: number;
  /** Number of the step that it makes done; 1 for the first. */
  readonly step: number;
}

/** The examples of one split, ready to be gathered into batches. */
export interface Examples {
  readonly count: number;
  /** Length of an example in tokens; 1 where every example has the same shape. */
  lengthOf(example: number): number;
  /** The class of each example, where it has one. */
  readonly classes?: Int32Array | undefined;
  /** Padded length of a batch whose longest example has this length. */
  bucketFor(length: number): number;
  /**
   * Inputs and targets of these examples by name, `weights` included, padded to `bucket` and filled up to `rows` with rows that
   * weigh nothing. `at` is given for training rows alone. The arrays are nobody else's, now and later.
   */
  gather(examples: Int32Array, rows: number, bucket: number, at?: GatherAt): Record<string, FeedValues>;
  /** The targets alone, as gather() has them. */
  targets(examples: Int32Array, rows: number, bucket: number): Record<string, FeedValues>;
}

/** A batch as the model is fed it. */
export interface Gathered {
  readonly bucket: number;
  readonly feeds: Record<string, FeedValues>;
}

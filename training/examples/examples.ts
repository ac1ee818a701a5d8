import type { FeedValues } from '../compile/program.js';
import type { StepDraws } from './step-draws.js';

/** The examples of one split, in memory, ready to be gathered into batches. */
export interface Examples {
  readonly count: number;
  /** Length of an example in tokens; 1 where every example has the same shape. */
  lengthOf(example: number): number;
  /** Padded length of a batch whose longest example has this length. */
  bucketFor(length: number): number;
  /**
   * Inputs and targets of these examples by name, `weights` included, padded to `bucket` and filled up to `rows` with rows that
   * weigh nothing. `at`: of a training step; where these examples are augmented it is a function of that, without it none are.
   */
  gather(examples: Int32Array, rows: number, bucket: number, at?: StepDraws): Record<string, FeedValues>;
  /** The targets alone, as gather() has them. */
  targets(examples: Int32Array, rows: number, bucket: number): Record<string, FeedValues>;
}

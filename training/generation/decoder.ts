import type { FunctionSpec } from '../compile/program.js';

/**
 * Generation as functions of a program, for a fixed number of rows. `prefill` reads the prompts at once, `decode` goes on by one
 * token a row; in between, what attention needs of the text so far stays on the device in variables (the cache), so that a
 * token costs one pass over `rows` positions and not over the whole text.
 *
 *   prefill/BUCKET   ids (rows, BUCKET), mask (rows, BUCKET)   -> scores (rows, vocabulary) of what follows each prompt
 *   decode           tokens (rows), positions (rows), int32    -> scores (rows, vocabulary) of what follows each token
 */
export interface Decoder {
  readonly rows: number;
  /** Lengths that prompts are padded to at their end, ascending. */
  readonly buckets: readonly number[];
  /** Places for tokens in the cache: a prompt and what follows it. */
  readonly positions: number;
  readonly vocabulary: number;
  /** The cache. A prefill writes all of it; before, its variables have no value and need none. */
  readonly variables: ReadonlyMap<string, readonly number[]>;
  readonly functions: Readonly<Record<string, FunctionSpec>>;
}

export const DECODE = 'generation/decode';
export const prefillName = (bucket: number) => `generation/prefill/${bucket}`;

/** What the engine and the thread that gathers its batches say to each other. Types only. */
import type { GatherAt, Gathered } from '../examples/examples.js';
import type { KeptFeatures } from '../examples/kept-features.js';
import type { ExamplesSource } from '../examples/stored-examples.js';

/** What the thread starts with; its large arrays are shared, not copied. */
export interface ThreadInput {
  readonly source: ExamplesSource;
  readonly features: KeptFeatures | null;
}

export interface ToThread {
  readonly id: number;
  readonly batch: Int32Array;
  readonly rows: number;
  readonly at: GatherAt;
}

/** The arrays of a gathered batch are handed over: the thread has them no longer. */
export type FromThread =
  { readonly id: number; readonly gathered: Gathered } | { readonly id: number; readonly error: string };

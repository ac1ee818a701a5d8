/** What the engine and the thread that gathers its batches say to each other. Types only. */
import type { GatherAt } from '../examples/examples.js';
import type { KeptFeatures } from '../examples/kept-features.js';
import type { ExamplesSource } from '../examples/stored-examples.js';

/** What the thread starts with; its large arrays are shared, not copied. */
export interface ThreadInput {
  readonly source: ExamplesSource;
  readonly features: KeptFeatures | null;
}

/** The arrays of what is gathered of it are handed over: the thread has them no longer. */
export interface BatchToGather {
  readonly batch: Int32Array;
  readonly rows: number;
  readonly at: GatherAt;
}

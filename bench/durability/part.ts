import type { BenchOptions } from '../bench.js';
import type { Budgeted } from '../results.js';

export interface Part {
  /** How it was measured. */
  readonly sentence: string;
  readonly budgets: readonly Budgeted[];
}

export type MeasurePart = (options: BenchOptions) => Promise<Part>;

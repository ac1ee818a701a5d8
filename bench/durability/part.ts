import type { Budgeted } from '../results.js';

export interface Part {
  /** How it was measured. */
  readonly sentence: string;
  readonly budgets: readonly Budgeted[];
}

export type MeasurePart = (rounds: number, say: (sentence: string) => void) => Promise<Part>;

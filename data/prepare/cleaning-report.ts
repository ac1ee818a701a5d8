import type { DropReason } from './verdicts.js';

export interface CleaningReport {
  /** Rows whose text (words, image, every feature) or label is empty or blank. */
  readonly droppedEmpty: number;
  /** Rows whose text (or words, image, features) was seen before. */
  readonly droppedDuplicates: number;
  /** How many of those duplicates carried another label than the first. */
  readonly droppedContradictions: number;
}

export const cleaningReport = (dropped: Readonly<Record<DropReason, number>>): CleaningReport => ({
  droppedEmpty: dropped.empty,
  droppedDuplicates: dropped.duplicate + dropped.contradiction,
  droppedContradictions: dropped.contradiction,
});

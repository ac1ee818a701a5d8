import type { DropReason } from './verdicts.js';

export interface CleaningReport {
  /** Rows whose text (words, image, every feature) or label is empty or blank. */
  readonly droppedEmpty: number;
  /** Rows whose text (or words, image, features) was seen before. */
  readonly droppedDuplicates: number;
  /** How many of those duplicates carried another label than the first. */
  readonly droppedContradictions: number;
  /** Rows that are nearly the same as one before them. */
  readonly droppedNearDuplicates: number;
  /** Texts outside data.clean.length. */
  readonly droppedShort: number;
  readonly droppedLong: number;
  /** Images below data.clean.minImageSide. */
  readonly droppedSmall: number;
  /** Rows of a table with an empty cell that may not be. */
  readonly droppedGaps: number;
  /** Rows of a table to train on with a number far from the others. */
  readonly droppedOutliers: number;
}

export const cleaningReport = (dropped: Readonly<Record<DropReason, number>>): CleaningReport => ({
  droppedEmpty: dropped.empty,
  droppedDuplicates: dropped.duplicate + dropped.contradiction,
  droppedContradictions: dropped.contradiction,
  droppedNearDuplicates: dropped['near-duplicate'],
  droppedShort: dropped.short,
  droppedLong: dropped.long,
  droppedSmall: dropped.small,
  droppedGaps: dropped.gap,
  droppedOutliers: dropped.outlier,
});

/** The workflow prepareData: from a source to a data set of Arrow shards, part by part (docs/adr/0012-data-in-parts.md). */
import type { DataContext } from './context.js';
import type { DatasetRef, Sha256, StoredFile } from './refs.js';

/** The parts of a source, and all that every later stage is a function of: a file on S3, because there may be thousands. */
export interface DataPlanRef {
  readonly file: StoredFile;
  readonly parts: number;
}

/** What becomes of every row: files on S3, one of them for each part. */
export interface DecisionsRef {
  /** SHA-256 of what they were decided from. */
  readonly digest: Sha256;
}

/** The parts `from` … `to - 1`. */
export interface PartRange {
  readonly from: number;
  readonly to: number;
}

/** Of a range: parts whose result was there, and parts that were worked on. */
export interface PartsDone {
  readonly found: number;
  readonly made: number;
}

export type CutSource =
  { readonly kind: 'prepared'; readonly dataset: DatasetRef } | { readonly kind: 'cut'; readonly plan: DataPlanRef };

/**
 * Activities of the data queue. What each makes lies on S3 under a digest of what it was made from, so that it is made once:
 * for all runs, after any kill, and for the parts of a source that did not change.
 */
export interface DataActivities {
  /** Finds the data set, or where the records of its source begin and end. */
  cutSource(input: DataContext): Promise<CutSource>;
  /** Reads the rows of some parts: a few facts of each. */
  surveyParts(input: { plan: DataPlanRef; parts: PartRange }): Promise<PartsDone>;
  /** What becomes of every row, from the facts of all. Fails (not retryable) with the first thing that is wrong with the data. */
  decideDataset(input: { plan: DataPlanRef }): Promise<DecisionsRef>;
  /** Tokenises, decodes or scales the rows of some parts into shards. */
  encodeParts(input: { plan: DataPlanRef; decisions: DecisionsRef; parts: PartRange }): Promise<PartsDone>;
  /** Writes the manifest, last: one that is there says that all of its shards are. */
  assembleDataset(input: { plan: DataPlanRef; decisions: DecisionsRef }): Promise<DatasetRef>;
}

/** In the order in which they come. */
export type PreparationStage = 'cut' | 'survey' | 'decide' | 'encode' | 'assemble' | 'finished';

export interface PreparationStatus {
  readonly stage: PreparationStage;
  /** Of the stage; null where it does not go by parts. */
  readonly parts: { readonly done: number; readonly total: number; readonly found: number } | null;
}

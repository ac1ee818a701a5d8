import type { Job } from '../job/schema.js';
import { DataError } from './data-error.js';
import { contentKey } from './content-key.js';
import type { Example } from './pick-columns.js';

export interface CleaningReport {
  /** Rows whose text (words, image, every feature) or label is empty or blank. */
  readonly droppedEmpty: number;
  /** Rows whose text (or words, image, features) was seen before. */
  readonly droppedDuplicates: number;
  /** How many of those duplicates carried another label than the first. */
  readonly droppedContradictions: number;
}

/** Decides row by row, in the order of the source, which stay. */
export function cleaner(clean: Job['data']['clean']) {
  const report = { droppedEmpty: 0, droppedDuplicates: 0, droppedContradictions: 0 };
  const labelOfContent = new Map<string, string>();
  return {
    report: report as CleaningReport,

    /** @throws DataError for a row without a label that may not be dropped. */
    keeps({
      content,
      inputIsEmpty,
      target,
      place,
    }: Pick<Example, 'content' | 'inputIsEmpty' | 'target' | 'place'>): boolean {
      if ((inputIsEmpty || target.isEmpty) && clean.dropEmpty) {
        report.droppedEmpty++;
        return false;
      }
      if (target.isEmpty) {
        const advice = 'fill it in, or set data.clean.dropEmpty to true';
        throw new DataError(`${place}: expected a label, found an empty cell: ${advice}`);
      }
      if (!clean.dropDuplicates) return true;
      const key = contentKey(content);
      const first = labelOfContent.get(key);
      if (first === undefined) {
        labelOfContent.set(key, target.key);
        return true;
      }
      report.droppedDuplicates++;
      if (first !== target.key) report.droppedContradictions++;
      return false;
    },
  };
}

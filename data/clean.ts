import type { Job } from '../job/schema.js';
import { DataError } from './data-error.js';
import { contentKey } from './content-key.js';
import type { Example } from './pick-columns.js';
import { placeOf } from './readers/row.js';

export interface CleaningReport {
  /** Rows whose text or label is empty or blank. */
  readonly droppedEmpty: number;
  /** Rows whose text was seen before. */
  readonly droppedDuplicates: number;
  /** How many of those duplicates carried another label than the first. */
  readonly droppedContradictions: number;
}

/** Decides row by row, in the order of the source, which stay. */
export function cleaner(clean: Job['data']['clean'], sourceName: string) {
  const report = { droppedEmpty: 0, droppedDuplicates: 0, droppedContradictions: 0 };
  const labelOfText = new Map<string, string>();
  return {
    report: report as CleaningReport,

    /** @throws DataError for a row without a label that may not be dropped. */
    keeps({ text, label, line }: Example): boolean {
      const empty = text.trim() === '' || label.trim() === '';
      if (empty && clean.dropEmpty) {
        report.droppedEmpty++;
        return false;
      }
      if (label.trim() === '') {
        const advice = 'fill it in, or set data.clean.dropEmpty to true';
        throw new DataError(`${placeOf(sourceName, line)}: expected a label, found an empty cell: ${advice}`);
      }
      if (!clean.dropDuplicates) return true;
      const key = contentKey(text);
      const first = labelOfText.get(key);
      if (first === undefined) {
        labelOfText.set(key, label);
        return true;
      }
      report.droppedDuplicates++;
      if (first !== label) report.droppedContradictions++;
      return false;
    },
  };
}

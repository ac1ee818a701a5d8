/** What a row says of its split by itself: the split, or what it is ranked by among the others (place-rows.ts). */
import type { Job } from '../../job/schema.js';
import { contentOrder } from '../content-key.js';
import { DataError } from '../data-error.js';
import type { Example } from '../pick-columns.js';
import { splitOfCell, splits } from '../split.js';
import { splitColumnOf } from './split-column.js';
import { timeReader } from './time.js';

interface RowSplit {
  /** Index into `splits`; 0 where all rows together decide. */
  readonly split: number;
  /** Rows of equal order go to the same split; 0 where the row decides by itself. */
  readonly order: number;
}

/** @throws DataError with the place for a cell that says no split, no time or no group. */
export function rowSplitter(job: Pick<Job, 'data' | 'seed'>): (example: Example) => RowSplit {
  const { split } = job.data;
  const named = splitColumnOf(job.data);
  const keyOf = ({ split: cell, place, content }: Example): string => {
    if (named === null) return content;
    if (cell !== null && cell.trim() !== '') return cell;
    throw new DataError(
      `${place}: expected a value in column \`${named.column}\` (${named.key}), found an empty cell: fill it in, or leave the row out`,
    );
  };
  if ('column' in split) {
    return ({ split: cell, place }) => ({ split: splits.indexOf(splitOfCell(cell!, split.column, place)), order: 0 });
  }
  if ('by' in split && split.by === 'hash') {
    return (example) => ({ split: splitOfHash(contentOrder(job.seed, keyOf(example)), split), order: 0 });
  }
  if ('by' in split && split.by === 'time') {
    const timeOf = timeReader(split.key);
    return ({ split: cell, place }) => ({ split: 0, order: timeOf(cell!, place) });
  }
  return (example) => ({ split: 0, order: contentOrder(job.seed, keyOf(example)) });
}

/** A function of the row's own hash in [0, 2^48): rows that come later move none that were there before. */
function splitOfHash(hash: number, { train, validation }: { train: number; validation: number }): number {
  const place = hash / 2 ** 48;
  return place < train ? 0 : place < train + validation ? 1 : 2;
}

import { nearest } from '../job/nearest.js';
import { DataError } from './data-error.js';

export const splits = ['train', 'validation', 'test'] as const;
export type Split = (typeof splits)[number];

/** One value for each split, in the order of `splits`, under its name. */
export const bySplit = <T>(values: readonly T[]): Record<Split, T> => ({
  train: values[0]!,
  validation: values[1]!,
  test: values[2]!,
});

/** The split that a cell names. @throws DataError with the row. */
export function splitOfCell(cell: string, column: string, place: string): Split {
  const found = splits.find((split) => split === cell);
  if (found !== undefined) return found;
  const near = nearest(cell, splits) ?? aliases.get(cell.toLowerCase()) ?? null;
  const advice = near === null ? '' : `; did you mean \`${near}\`?`;
  const shown = cell === '' ? 'an empty cell' : `"${cell.slice(0, 40)}"`;
  throw new DataError(
    `${place}: expected \`train\`, \`validation\` or \`test\` in column \`${column}\`, found ${shown}${advice}`,
  );
}

const aliases = new Map<string, Split>([
  ['dev', 'validation'],
  ['val', 'validation'],
  ['eval', 'test'],
]);

export interface Fractions {
  readonly validation: number;
  readonly test: number;
  readonly stratify: boolean;
}

/** Rows to be split: parallel arrays. `order` is a hash of seed and content (content-key.ts), `group` what is shared out evenly: the class index. */
export interface RowsToSplit {
  readonly order: Float64Array;
  readonly group: Int32Array;
}

/**
 * The split of every row, as an index into `splits`. A function of the rows' order values and groups: the order of the
 * rows in the file matters for nothing. Within a group (within all rows when not stratified) rows are ranked by `order`;
 * the first train, the next are validation, the last test. Counts are rounded so that the totals are exact to one row
 * and every group keeps at least one row to train on. Rows of equal order (the same text, the same group when
 * stratified) go to the same split, which can make a part larger by the number of such twins.
 */
export function splitByFractions({ order, group: groups }: RowsToSplit, fractions: Fractions): Uint8Array {
  const rank = Array.from(order.keys());
  const group = (row: number): number => (fractions.stratify ? groups[row]! : 0);
  rank.sort((a, b) => group(a) - group(b) || order[a]! - order[b]!);

  const parts = new Uint8Array(order.length);
  let heldTarget = 0;
  let testTarget = 0;
  for (let start = 0, end: number; start < rank.length; start = end) {
    for (end = start + 1; end < rank.length && group(rank[end]!) === group(rank[start]!);) end++;
    const count = end - start;
    heldTarget += (fractions.validation + fractions.test) * count;
    testTarget += fractions.test * count;
    const held = clamp(Math.round(heldTarget), 0, count - 1);
    const test = clamp(Math.round(testTarget), 0, held);
    assign(parts, rank.slice(start, end), order, count - held, held - test);
    heldTarget -= held;
    testTarget -= test;
  }
  return parts;
}

const [TRAIN, VALIDATION, TEST] = [0, 1, 2];

function assign(
  parts: Uint8Array,
  rows: readonly number[],
  order: Float64Array,
  train: number,
  validation: number,
): void {
  rows.forEach((row, index) => {
    const before = rows[index - 1];
    const twin = before !== undefined && order[before] === order[row];
    parts[row] = twin ? parts[before]! : index < train ? TRAIN : index < train + validation ? VALIDATION : TEST;
  });
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

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

/**
 * Splits by fractions. A function of the rows' order values and groups: the order of the rows in the file matters for nothing.
 * Within a group (within all rows when not stratified) rows are ranked by `order`; the first train, the next are validation,
 * the last test. Counts are rounded so that the totals are exact to one row and every group keeps at least one row to train
 * on. Rows of equal order (the same text, the same group when stratified) go to the same split, which can make a part larger
 * by the number of such twins. It holds eight bytes a row.
 */
export function fractionSplitter(rowsOfGroup: ArrayLike<number>, fractions: Fractions) {
  const sizes = fractions.stratify ? Array.from(rowsOfGroup) : [sum(rowsOfGroup)];
  const starts = sizes.map(() => 0);
  for (let group = 1; group < sizes.length; group++) starts[group] = starts[group - 1]! + sizes[group - 1]!;
  const orders = new Float64Array(sum(sizes));
  const filled = [...starts];
  const placeOf = (group: number): number => (fractions.stratify ? group : 0);
  return {
    /** Once for every row, in any order. */
    add(group: number, order: number): void {
      orders[filled[placeOf(group)]!++] = order;
    },
    /** To be called after the last row: tells the split of a row, as an index into `splits`. */
    finish(): (group: number, order: number) => number {
      const held = heldOut(sizes, fractions);
      // A row of rank r trains where r is below the count of training rows: where its order is at most that of the last of them.
      const lastOf = sizes.map((size, group) => {
        const ranked = orders.subarray(starts[group], starts[group]! + size).sort();
        const { validation, test } = held[group]!;
        return { train: ranked[size - validation - test - 1]!, validation: ranked[size - test - 1]! };
      });
      return (group, order) => {
        const last = lastOf[placeOf(group)]!;
        return order <= last.train ? TRAIN : order <= last.validation ? VALIDATION : TEST;
      };
    },
  };
}

const [TRAIN, VALIDATION, TEST] = [0, 1, 2];

/** Rows of each group that are not trained on; what rounding takes from one group the next gets back. */
function heldOut(sizes: readonly number[], fractions: Fractions): { validation: number; test: number }[] {
  let heldTarget = 0;
  let testTarget = 0;
  return sizes.map((size) => {
    if (size === 0) return { validation: 0, test: 0 };
    heldTarget += (fractions.validation + fractions.test) * size;
    testTarget += fractions.test * size;
    const held = clamp(Math.round(heldTarget), 0, size - 1);
    const test = clamp(Math.round(testTarget), 0, held);
    heldTarget -= held;
    testTarget -= test;
    return { validation: held - test, test };
  });
}

const sum = (values: ArrayLike<number>): number => {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
};

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

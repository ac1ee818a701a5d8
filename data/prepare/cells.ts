/**
 * The cells of tables, kept by the survey so that a transform can be fitted to the training rows when these are known, without
 * reading the source again: of a column of numbers the numbers, of one of categories numbers for them.
 */
import type { featureSurvey } from '../features/survey.js';
import type { Block, Numbers } from './blocks.js';
import type { PartSurvey } from './survey-file.js';

/** Columns of rows that follow each other. A column whose cells are all empty is absent. */
export interface CellsBatch {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, CellColumn>;
}

export interface CellColumn {
  /** NaN where the cell is empty or holds no number; absent where no cell does. */
  readonly numbers?: Float64Array;
  /** Index of the cell's text among the column's values (FeatureNotes), -1 where it is empty; absent where there are too many values. */
  readonly codes?: Int32Array;
}

const EMPTY = -1;

/** Collects the cells of at most `capacity` rows. */
export function cellsCollector(survey: ReturnType<typeof featureSurvey>, capacity: number) {
  let columns = new Map<string, { numbers: Float64Array | null; codes: Int32Array }>();
  let rows = 0;
  return {
    /** Cells so far, filled or not. */
    get cells() {
      return rows * columns.size;
    },
    /** Once for every row; null for one that is left out. */
    add(cells: Readonly<Record<string, unknown>> | null, place: string): void {
      if (cells !== null) {
        survey.add(cells, place, (column, number, code) => {
          let found = columns.get(column);
          if (!found) columns.set(column, (found = { numbers: null, codes: new Int32Array(capacity).fill(EMPTY) }));
          found.codes[rows] = code;
          if (number === null) return;
          found.numbers ??= new Float64Array(capacity).fill(NaN);
          found.numbers[rows] = number;
        });
      }
      rows++;
    },
    /** What was collected; then empty again. */
    take(): CellsBatch {
      const taken = new Map<string, CellColumn>();
      for (const [column, { numbers, codes }] of columns) {
        taken.set(column, {
          ...(numbers && { numbers: numbers.subarray(0, rows) }),
          ...(!survey.hasTooManyValues(column) && { codes: codes.subarray(0, rows) }),
        });
      }
      const batch = { rows, columns: taken };
      columns = new Map();
      rows = 0;
      return batch;
    },
  };
}

/**
 * Rows of a batch as a fitter takes them: numbers of numeric columns, texts of categorical ones; what is empty is absent.
 * `wants` tells which rows.
 */
export function* rowsOfCells(
  { numeric, categorical }: { readonly numeric: readonly string[]; readonly categorical: readonly string[] },
  { rows, cells }: PartSurvey['batches'][number],
  read: (block: Block) => Numbers,
  valuesOf: (column: string) => readonly string[],
  wants: (row: number) => boolean,
): Generator<Record<string, unknown>> {
  const numbersOf = numeric.flatMap((column) => {
    const block = cells[column]?.numbers;
    return block ? [{ column, numbers: read(block) }] : [];
  });
  const codesOf = categorical.flatMap((column) => {
    const block = cells[column]?.codes;
    return block ? [{ column, codes: read(block), values: valuesOf(column) }] : [];
  });
  for (let row = 0; row < rows; row++) {
    if (!wants(row)) continue;
    const found: Record<string, unknown> = {};
    for (const { column, numbers } of numbersOf) if (!Number.isNaN(numbers[row]!)) found[column] = numbers[row];
    for (const { column, codes, values } of codesOf) if (codes[row] !== EMPTY) found[column] = values[codes[row]!];
    yield found;
  }
}

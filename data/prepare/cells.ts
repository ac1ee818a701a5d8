/**
 * The cells of tables, kept by the survey so that a transform can be fitted to the training rows when these are known, without
 * reading the source again: of a column of numbers the numbers, of one of categories numbers for them.
 */
import type { featureSurvey } from '../features/survey.js';

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

/** In the place of a category. */
export const EMPTY = -1;

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

import { nearest, quotedList } from '../job/nearest.js';
import type { Job } from '../job/schema.js';
import { DataError } from './data-error.js';
import { placeOf, type Row } from './readers/row.js';

/** What training needs of a row. */
export interface Example {
  /** The `id` column when there is one, else the row's number. */
  readonly id: string;
  readonly text: string;
  readonly label: string;
  /** The cell of the split column; null when rows are split by fraction. */
  readonly split: string | null;
  readonly line: number;
}

/** A column may be absent from this many rows of JSON Lines before it counts as missing. */
const ROWS_TO_LEARN_COLUMNS = 1000;

export type ColumnPicker = ReturnType<typeof columnPicker>;

/**
 * Takes the job's columns out of rows. Texts stay as they are, numbers and booleans are written out, a null or absent
 * cell is an empty text.
 */
export function columnPicker(job: Job, sourceName: string) {
  const wanted = new Map([
    ['data.text', job.data.text],
    ['data.label', job.data.label],
  ]);
  if ('column' in job.data.split) wanted.set('data.split.column', job.data.split.column);
  const splitColumn = wanted.get('data.split.column');
  const seen = new Set<string>();
  let missing = [...wanted.values()];

  // Of these no cell may be empty: they have to be there from the first row on.
  const mandatory = [splitColumn, job.data.clean.dropEmpty ? undefined : job.data.label];

  const requireColumns = (): void => {
    for (const [key, column] of wanted)
      if (missing.includes(column)) throw missingColumn(sourceName, key, column, [...seen]);
  };

  return {
    columns: seen as ReadonlySet<string>,

    /** @throws DataError for a list or an object in a cell that is needed, and for a missing column. */
    pick({ number, line, fields }: Row): Example {
      if (missing.length > 0 || number <= ROWS_TO_LEARN_COLUMNS) {
        for (const name of Object.keys(fields)) seen.add(name);
        missing = missing.filter((column) => !seen.has(column));
        if (number >= ROWS_TO_LEARN_COLUMNS || missing.some((column) => mandatory.includes(column))) requireColumns();
      }
      const cell = (column: string): string => textOf(fields[column], column, sourceName, line);
      const id = Object.hasOwn(fields, 'id') ? cell('id') : '';
      return {
        id: id === '' ? String(number) : id,
        text: cell(job.data.text),
        label: cell(job.data.label),
        split: splitColumn === undefined ? null : cell(splitColumn),
        line,
      };
    },

    /** To be called after the last row. @throws DataError for a column that no row has. */
    requireColumns,
  };
}

function textOf(value: unknown, column: string, sourceName: string, line: number): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'boolean':
      return String(value);
    default: {
      if (value === null || value === undefined) return '';
      const found = Array.isArray(value) ? 'a list' : 'an object';
      throw new DataError(`${placeOf(sourceName, line)}: expected a text in column \`${column}\`, found ${found}`);
    }
  }
}

function missingColumn(sourceName: string, key: string, column: string, found: readonly string[]): DataError {
  const near = nearest(column, found);
  const advice = near === null ? `set ${key} to one of them` : `did you mean \`${near}\`?`;
  return new DataError(
    `${sourceName}: expected a column \`${column}\` (${key}), found ${found.length === 0 ? 'none' : quotedList(found)}; ${advice}`,
  );
}

import { nearest, quotedList } from '../job/nearest.js';
import type { Job } from '../job/schema.js';
import { textOf } from './cells.js';
import { DataError } from './data-error.js';
import { explicitFeatures } from './features/columns.js';
import { inputReader, type ReadInput } from './read-input.js';
import { readTarget, type TargetCell } from './read-target.js';
import { placeOf, type Row } from './readers/row.js';
import { splitColumnOf } from './splits/split-column.js';
import { targetOf } from './targets.js';

/** What training needs of a row. */
export interface Example extends ReadInput {
  /** The `id` column when there is one, else the row's number. */
  readonly id: string;
  readonly target: TargetCell;
  /** The cell of the column that rows are split by; null where there is none. */
  readonly split: string | null;
  /** For messages: `glosses.csv:17` */
  readonly place: string;
}

/** A column may be absent from this many rows of JSON Lines before it counts as missing. */
const ROWS_TO_LEARN_COLUMNS = 1000;

/** Takes the job's columns out of rows. `isFirst`: they are the first of the source, and have to show the columns soon. */
export function columnPicker(job: Job, sourceName: string, { isFirst } = { isFirst: true }) {
  const wanted = wantedColumns(job);
  const target = targetOf(job);
  const splitColumn = splitColumnOf(job.data)?.column;
  const readInput = inputReader(job);
  const seen = new Set<string>();
  let missing = [...wanted.values()];

  // Of these no cell may be empty: they have to be there from the first row on.
  const mandatory = [
    splitColumn,
    job.data.clean.dropEmpty || target === 'classes' ? undefined : wanted.get('data.label'),
  ];

  const requireColumns = (): void => requireWanted(wanted, seen, sourceName);

  return {
    columns: seen as ReadonlySet<string>,

    /** @throws DataError for a list or an object in a cell that is needed, and for a missing column. */
    pick(row: Row): Example {
      const { number, line, fields } = row;
      if (missing.length > 0 || number <= ROWS_TO_LEARN_COLUMNS) {
        for (const name of Object.keys(fields)) seen.add(name);
        missing = missing.filter((column) => !seen.has(column));
        if (isFirst && (number >= ROWS_TO_LEARN_COLUMNS || missing.some((column) => mandatory.includes(column))))
          requireColumns();
      }
      const place = row.image?.place ?? row.place ?? placeOf(sourceName, line);
      const cell = (column: string): string => textOf({ value: fields[column], column, place });
      const id = Object.hasOwn(fields, 'id') ? cell('id') : '';
      const read = readInput(row, place);
      return Object.assign(read, {
        id: id === '' ? String(number) : id,
        target: readTarget(target, { value: fields[job.data.label], column: job.data.label, place }, read.input),
        split: splitColumn === undefined ? null : cell(splitColumn),
        place,
      });
    },
  };
}

/** `columns` are all that the rows of a source have. @throws DataError for one of the job's that is not among them. */
export const requireColumns = (job: Job, columns: ReadonlySet<string>, sourceName: string): void =>
  requireWanted(wantedColumns(job), columns, sourceName);

function requireWanted(wanted: ReadonlyMap<string, string>, columns: ReadonlySet<string>, sourceName: string): void {
  for (const [key, column] of wanted)
    if (!columns.has(column)) throw missingColumn(sourceName, key, column, [...columns]);
}

/** Key of the job -> column. */
function wantedColumns({ task, data }: Job): ReadonlyMap<string, string> {
  const wanted = new Map<string, string>();
  if (task === 'text-classification' || task === 'causal-lm') wanted.set('data.text', data.text);
  if (task === 'text-classification' && data.textPair !== undefined) wanted.set('data.textPair', data.textPair);
  if (task === 'token-classification') wanted.set('data.words', data.words);
  if (task === 'image-classification') wanted.set('data.image', data.image);
  if (task === 'tabular-classification' || task === 'tabular-regression') {
    for (const [key, column] of explicitFeatures(data)) wanted.set(key, column);
  }
  if (task !== 'causal-lm') wanted.set('data.label', data.label);
  const split = splitColumnOf(data);
  if (split !== null) wanted.set(split.key, split.column);
  return wanted;
}

function missingColumn(sourceName: string, key: string, column: string, found: readonly string[]): DataError {
  const near = nearest(column, found);
  const advice = near === null ? `set ${key} to one of them` : `did you mean \`${near}\`?`;
  return new DataError(
    `${sourceName}: expected a column \`${column}\` (${key}), found ${found.length === 0 ? 'none' : quotedList(found)}; ${advice}`,
  );
}

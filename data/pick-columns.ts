import { nearest, quotedList } from '../job/nearest.js';
import type { Job } from '../job/schema.js';
import { isMissing, listOf, textOf } from './cells.js';
import { DataError } from './data-error.js';
import { explicitFeatures } from './features/columns.js';
import { readTarget, type TargetCell } from './read-target.js';
import { placeOf, type PackedImage, type Row } from './readers/row.js';
import { sha256Of } from './content-key.js';
import { targetOf } from './targets.js';

/** What a model is given of a row, before it is tokenised, decoded or scaled. */
export type Input =
  | { readonly kind: 'text'; readonly text: string; readonly pair: string | null }
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'image'; readonly image: PackedImage }
  | { readonly kind: 'features'; readonly cells: Readonly<Record<string, unknown>> };

/** What training needs of a row. */
export interface Example {
  /** The `id` column when there is one, else the row's number. */
  readonly id: string;
  /** What a report shows of the row. */
  readonly text: string;
  /** Rows of the same content are twins: duplicates of each other, and never in two splits by fraction. */
  readonly content: string;
  readonly input: Input;
  readonly inputIsEmpty: boolean;
  readonly target: TargetCell;
  /** The cell of the split column; null when rows are split by fraction. */
  readonly split: string | null;
  /** For messages: `glosses.csv:17` */
  readonly place: string;
}

/** A column may be absent from this many rows of JSON Lines before it counts as missing. */
const ROWS_TO_LEARN_COLUMNS = 1000;

export type ColumnPicker = ReturnType<typeof columnPicker>;

/** Takes the job's columns out of rows. */
export function columnPicker(job: Job, sourceName: string) {
  const wanted = wantedColumns(job);
  const target = targetOf(job);
  const splitColumn = wanted.get('data.split.column');
  const readInput = inputReader(job);
  const seen = new Set<string>();
  let missing = [...wanted.values()];

  // Of these no cell may be empty: they have to be there from the first row on.
  const mandatory = [
    splitColumn,
    job.data.clean.dropEmpty || target === 'classes' ? undefined : wanted.get('data.label'),
  ];

  const requireColumns = (): void => {
    for (const [key, column] of wanted)
      if (missing.includes(column)) throw missingColumn(sourceName, key, column, [...seen]);
  };

  return {
    columns: seen as ReadonlySet<string>,

    /** @throws DataError for a list or an object in a cell that is needed, and for a missing column. */
    pick(row: Row): Example {
      const { number, line, fields } = row;
      if (missing.length > 0 || number <= ROWS_TO_LEARN_COLUMNS) {
        for (const name of Object.keys(fields)) seen.add(name);
        missing = missing.filter((column) => !seen.has(column));
        if (number >= ROWS_TO_LEARN_COLUMNS || missing.some((column) => mandatory.includes(column))) requireColumns();
      }
      const place = row.image?.place ?? placeOf(sourceName, line);
      const cell = (column: string): string => textOf({ value: fields[column], column, place });
      const id = Object.hasOwn(fields, 'id') ? cell('id') : '';
      const read = readInput(row, place);
      return {
        ...read,
        id: id === '' ? String(number) : id,
        target: readTarget(target, { value: fields[job.data.label], column: job.data.label, place }, read.input),
        split: splitColumn === undefined ? null : cell(splitColumn),
        place,
      };
    },

    /** To be called after the last row. @throws DataError for a column that no row has. */
    requireColumns,
  };
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
  if ('column' in data.split) wanted.set('data.split.column', data.split.column);
  return wanted;
}

type ReadInput = Pick<Example, 'input' | 'inputIsEmpty' | 'text' | 'content'>;

function inputReader({ task, data }: Job): (row: Row, place: string) => ReadInput {
  switch (task) {
    case 'text-classification':
    case 'causal-lm': {
      const pairColumn = task === 'causal-lm' ? undefined : data.textPair;
      return ({ fields }, place) => {
        const text = textOf({ value: fields[data.text], column: data.text, place });
        const inputIsEmpty = text.trim() === '';
        if (pairColumn === undefined) {
          return { input: { kind: 'text', text, pair: null }, inputIsEmpty, text, content: text };
        }
        const pair = textOf({ value: fields[pairColumn], column: pairColumn, place });
        const input = { kind: 'text', text, pair } as const;
        const content = JSON.stringify([text, pair]);
        return { input, inputIsEmpty: inputIsEmpty || pair.trim() === '', text: `${text} [SEP] ${pair}`, content };
      };
    }
    case 'token-classification':
      return ({ fields }, place) => {
        const words = listOf({ value: fields[data.words], column: data.words, place }, 'words');
        const inputIsEmpty = words.every((word) => word.trim() === '');
        return { input: { kind: 'words', words }, inputIsEmpty, text: words.join(' '), content: JSON.stringify(words) };
      };
    case 'image-classification':
      return ({ fields, image }, place) => {
        const path = textOf({ value: fields[data.image], column: data.image, place });
        if (!image) throw new Error(`${place}: a row of images holds none: the source was not packed`);
        return {
          input: { kind: 'image', image },
          inputIsEmpty: path.trim() === '',
          text: path,
          content: sha256Of(image.bytes),
        };
      };
    case 'tabular-classification':
    case 'tabular-regression': {
      const explicit = data.features === undefined ? null : [...explicitFeatures(data).values()];
      const excluded = new Set(['id', data.label, 'column' in data.split ? data.split.column : 'id']);
      return ({ fields }, place) => {
        const columns = explicit ?? Object.keys(fields).filter((column) => !excluded.has(column));
        const cells: Record<string, string | number> = {};
        for (const column of columns) {
          const value = fields[column];
          if (isMissing(value)) continue;
          cells[column] = typeof value === 'number' ? value : textOf({ value, column, place });
        }
        const shown = Object.entries(cells).map(([column, value]) => `${column}=${value}`);
        const content = JSON.stringify(Object.entries(cells).sort(([a], [b]) => (a < b ? -1 : 1)));
        return {
          input: { kind: 'features', cells },
          inputIsEmpty: shown.length === 0,
          text: shown.join(', '),
          content,
        };
      };
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

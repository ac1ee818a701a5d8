/** Tells by its values what each column of a table is: numbers or categories. */
import { z } from 'zod';
import { quotedList } from '../../job/nearest.js';
import type { Job } from '../../job/schema.js';
import { numberIn } from '../cells.js';
import { DataError } from '../data-error.js';
import { declaredType, explicitFeatures, type FeatureColumns } from './columns.js';

/** Each category is an input of its own. */
const MAX_CATEGORIES = 1000;

/** So few values are categories, whatever the number of rows. */
const ALWAYS_CATEGORIES = 20;

/** What was found of each column, as JSON: parts of a source are surveyed apart from each other. */
export const featureNotesSchema = z.array(
  z.object({
    column: z.string(),
    filled: z.int().nonnegative(),
    numbers: z.int().nonnegative(),
    /** In the order in which they were met; at most MAX_CATEGORIES + 1. */
    values: z.array(z.string()),
    /** The first value that is no number. */
    stranger: z.object({ value: z.string(), place: z.string() }).nullable(),
  }),
);
export type FeatureNotes = z.infer<typeof featureNotesSchema>;

interface Surveyed {
  filled: number;
  numbers: number;
  /** Each value with its place among them. */
  readonly values: Map<string, number>;
  stranger: FeatureNotes[number]['stranger'];
}

/** Told of every cell: the number that it holds, and its value's place among those of the column; -1 where they are too many. */
export type CellSeen = (column: string, number: number | null, code: number) => void;

/** Collects what the rows say of their columns; some bytes for a column, nothing for a row. */
export function featureSurvey(data: Job['data'], sourceName: string) {
  const explicit = [...explicitFeatures(data).values()];
  const columns = new Map<string, Surveyed>(explicit.map((column) => [column, surveyed()]));

  const typeOf = (column: string, found: Surveyed): 'numeric' | 'categorical' => {
    const declared = declaredType(data, column);
    if (found.filled === 0)
      throw new DataError(`${sourceName}: expected values in column \`${column}\`, found none: ${leaveOut(column)}`);
    if (declared === 'numeric' || (declared === null && found.numbers === found.filled)) {
      if (found.stranger === null) return 'numeric';
      const { value, place } = found.stranger;
      throw new DataError(
        `${place}: expected a number in column \`${column}\` (data.features.numeric), found "${value.slice(0, 40)}": leave the cell empty where there is none`,
      );
    }
    const distinct = found.values.size;
    const few = distinct <= ALWAYS_CATEGORIES || distinct * 2 <= found.filled;
    if (distinct <= MAX_CATEGORIES && (declared === 'categorical' || few)) return 'categorical';
    throw neither(column, found);
  };

  const neither = (column: string, { filled, numbers, values, stranger }: Surveyed): DataError => {
    const many = values.size > MAX_CATEGORIES ? `more than ${MAX_CATEGORIES}` : String(values.size);
    const found = `${many} different values in ${filled} rows`;
    if (numbers * 2 > filled) {
      const { value, place } = stranger!;
      return new DataError(
        `${place}: expected a number in column \`${column}\`, as ${numbers} of ${filled} rows have, found "${value.slice(0, 40)}": leave the cell empty where there is none, or ${leaveOut(column)}`,
      );
    }
    return new DataError(
      `${sourceName}: expected numbers or a few categories in column \`${column}\`, found ${found}: ${leaveOut(column)}`,
    );
  };

  /** What to write into the job so that a column is not learnt from. */
  const leaveOut = (column: string): string => {
    if (explicit.length > 0) return `take \`${column}\` out of data.features`;
    const others = [...columns.keys()].filter((other) => other !== column);
    return `to leave the column out, set data.features to those to learn from${others.length === 0 ? '' : `, such as ${quotedList(others.slice(0, 5))}`}`;
  };

  const columnCalled = (column: string): Surveyed => {
    let found = columns.get(column);
    if (!found) columns.set(column, (found = surveyed()));
    return found;
  };

  return {
    add(cells: Readonly<Record<string, unknown>>, place: string, seen?: CellSeen): void {
      for (const column of Object.keys(cells)) {
        const value = cells[column];
        const found = columnCalled(column);
        found.filled++;
        const text = String(value);
        const number = numberIn(value);
        if (number !== null) found.numbers++;
        else found.stranger ??= { value: text, place };
        seen?.(column, number, codeOf(found, text));
      }
    },

    hasTooManyValues: (column: string): boolean => columnCalled(column).values.size > MAX_CATEGORIES,

    notes: (): FeatureNotes =>
      [...columns].map(([column, { values, ...found }]) => ({ column, ...found, values: [...values.keys()] })),

    /** Adds what was found of the rows that follow. */
    merge(notes: FeatureNotes): void {
      for (const { column, filled, numbers, values, stranger } of notes) {
        const found = columnCalled(column);
        found.filled += filled;
        found.numbers += numbers;
        for (const value of values) codeOf(found, value);
        found.stranger ??= stranger;
      }
    },

    /**
     * To be called after the last row. Columns that the job does not list come in the order of their names.
     * @throws DataError for a column that is neither, with how to leave it out.
     */
    decide(): FeatureColumns {
      const names = explicit.length > 0 ? explicit : [...columns.keys()].sort();
      if (names.length === 0) {
        throw new DataError(`${sourceName}: expected columns with values to learn from besides the label, found none`);
      }
      const types = new Map(names.map((column) => [column, typeOf(column, columns.get(column)!)]));
      return {
        numeric: names.filter((column) => types.get(column) === 'numeric'),
        categorical: names.filter((column) => types.get(column) === 'categorical'),
      };
    },
  };
}

const surveyed = (): Surveyed => ({ filled: 0, numbers: 0, values: new Map(), stranger: null });

function codeOf({ values }: Surveyed, text: string): number {
  const known = values.get(text);
  if (known !== undefined) return known;
  if (values.size > MAX_CATEGORIES) return -1;
  values.set(text, values.size);
  return values.size - 1;
}

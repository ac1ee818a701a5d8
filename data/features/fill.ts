import { quotedList } from '../../job/nearest.js';
import type { Job } from '../../job/schema.js';
import { numberIn } from '../cells.js';
import { DataError } from '../data-error.js';
import type { FeatureColumns } from './columns.js';
import { requireKnown } from './require-known.js';

export type NumberFill = 'mean' | 'median' | 'most-frequent' | 'drop' | { readonly value: number };
export type CategoryFill = 'own' | 'most-frequent' | 'drop' | { readonly value: string };

/** What becomes of empty cells, column by column (data.clean.missing). */
export interface Fills {
  readonly numeric: readonly NumberFill[];
  readonly categorical: readonly CategoryFill[];
  /** Whether a column of numbers with gaps gets an input that says so. */
  readonly indicator: boolean;
}

type Clean = Pick<Job['data'], 'clean'>;

/** @throws DataError for a column that is no feature, and for what its kind cannot be filled with. */
export function fillsOf({ clean }: Clean, features: FeatureColumns, sourceName: string): Fills {
  const { numbers = 'mean', categories = 'own', columns = {}, indicator = true } = clean.missing ?? {};
  const expected = 'a column that is learnt from (data.clean.missing.columns)';
  requireKnown(Object.keys(columns), [...features.numeric, ...features.categorical], expected, sourceName);
  const wrong = (column: string, kind: string, choices: readonly string[], found: string): DataError =>
    new DataError(
      `${sourceName}: column \`${column}\` holds ${kind}: expected ${quotedList(choices, 'or')} in data.clean.missing, found \`${found}\``,
    );
  return {
    indicator,
    numeric: features.numeric.map((column): NumberFill => {
      const fill = columns[column] ?? numbers;
      if (typeof fill === 'string') {
        if (fill !== 'own') return fill;
        throw wrong(column, 'numbers', ['mean', 'median', 'most-frequent', 'drop', '{ value: 0 }'], fill);
      }
      const value = numberIn(fill.value);
      if (value !== null) return { value };
      throw wrong(column, 'numbers', ['{ value: 0 }'], `{ value: ${String(fill.value)} }`);
    }),
    categorical: features.categorical.map((column): CategoryFill => {
      const fill = columns[column] ?? categories;
      if (typeof fill !== 'string') return { value: String(fill.value) };
      if (fill !== 'mean' && fill !== 'median') return fill;
      throw wrong(column, 'categories', ['own', 'most-frequent', 'drop', '{ value: unknown }'], fill);
    }),
  };
}

/** Columns whose empty cells leave their rows out. */
export const columnsWithoutGaps = ({ numeric, categorical }: FeatureColumns, fills: Fills): string[] => [
  ...numeric.filter((_, i) => fills.numeric[i] === 'drop'),
  ...categorical.filter((_, i) => fills.categorical[i] === 'drop'),
];

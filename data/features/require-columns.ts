import { nearest, quotedList } from '../../job/nearest.js';
import { DataError } from '../data-error.js';
import type { FeatureTransform } from './transform.js';

/**
 * A column that no row has is a slip of the table's, not a table of empty cells: its mean would be taken in silence.
 * @throws DataError naming the column, what the rows have, and how an unknown value is written.
 */
export function requireFeatureColumns(
  { numeric, categorical }: FeatureTransform,
  rows: readonly Readonly<Record<string, unknown>>[],
): void {
  const found = new Set(rows.flatMap((cells) => Object.keys(cells)));
  for (const { column } of [...numeric, ...categorical]) {
    if (rows.length === 0 || found.has(column)) continue;
    const near = nearest(column, found);
    const advice =
      near === null ? 'give an empty cell (in JSON null) where a value is not known' : `did you mean \`${near}\`?`;
    throw new DataError(
      `expected a column \`${column}\`, found ${found.size === 0 ? 'none' : quotedList([...found])}; ${advice}`,
    );
  }
}

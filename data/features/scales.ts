import { nearest, quotedList } from '../../job/nearest.js';
import type { Job } from '../../job/schema.js';
import type { Scaling } from '../../job/schema/data.js';
import { DataError } from '../data-error.js';

/** How each column of numbers is scaled (data.scale). @throws DataError for a column that is none of them. */
export function scalesOf(
  { scale }: Pick<Job['data'], 'scale'>,
  numeric: readonly string[],
  sourceName: string,
): readonly Scaling[] {
  if (typeof scale === 'string') return numeric.map(() => scale);
  for (const column of Object.keys(scale.columns)) {
    if (numeric.includes(column)) continue;
    const near = nearest(column, numeric);
    throw new DataError(
      `${sourceName}: expected a column of numbers that is learnt from (data.scale.columns), found \`${column}\`; ${near === null ? `these are ${quotedList(numeric.slice(0, 20))}` : `did you mean \`${near}\`?`}`,
    );
  }
  return numeric.map((column) => scale.columns[column] ?? scale.numbers);
}

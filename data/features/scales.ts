import type { Job } from '../../job/schema.js';
import type { Scaling } from '../../job/schema/data.js';
import { requireKnown } from './require-known.js';

/** How each column of numbers is scaled (data.scale). @throws DataError for a column that is none of them. */
export function scalesOf(
  { scale }: Pick<Job['data'], 'scale'>,
  numeric: readonly string[],
  sourceName: string,
): readonly Scaling[] {
  if (typeof scale === 'string') return numeric.map(() => scale);
  const expected = 'a column of numbers that is learnt from (data.scale.columns)';
  requireKnown(Object.keys(scale.columns), numeric, expected, sourceName);
  return numeric.map((column) => scale.columns[column] ?? scale.numbers);
}

import { nearest, quotedList } from '../../job/nearest.js';
import { DataError } from '../data-error.js';

const SHOWN = 20;

/** @throws DataError for the first of the named columns that is none of the known. @param expected What it should be, and the key. */
export function requireKnown(
  named: readonly string[],
  known: readonly string[],
  expected: string,
  sourceName: string,
): void {
  const stranger = named.find((column) => !known.includes(column));
  if (stranger === undefined) return;
  const near = nearest(stranger, known);
  const advice =
    near !== null
      ? `did you mean \`${near}\`?`
      : known.length === 0
        ? 'there are none'
        : `these are ${quotedList(known.slice(0, SHOWN))}`;
  throw new DataError(`${sourceName}: expected ${expected}, found \`${stranger}\`; ${advice}`);
}

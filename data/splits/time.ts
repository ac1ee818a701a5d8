import { isMissing, numberIn } from '../cells.js';
import { DataError } from '../data-error.js';

/** As ISO 8601 writes it; the time of day and its zone may be left out. */
const date = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|[+-]\d{2}:?\d{2})?)?$/i;

/**
 * When a row was, as a number that grows with time: a number as it is (a year, seconds), a date in milliseconds since 1970, read as
 * UTC where it names no zone. All rows of a column have to be of one kind.
 * @throws DataError with the place for a cell that is neither.
 */
export function timeReader(column: string): (cell: string, place: string) => number {
  let first: { readonly kind: string; readonly place: string } | null = null;
  return (cell, place) => {
    const text = cell.trim();
    const number = numberIn(text);
    const time = number ?? dateIn(text);
    if (time === null) {
      const found = isMissing(cell) ? 'an empty cell' : `"${cell.slice(0, 40)}"`;
      throw new DataError(
        `${place}: expected a time in column \`${column}\` (data.split.key), found ${found}: write 2026-01-31, 2026-01-31T12:00:00Z or a number`,
      );
    }
    const kind = number === null ? 'a date' : 'a number';
    first ??= { kind, place };
    if (first.kind === kind) return time;
    throw new DataError(
      `${place}: expected ${first.kind} in column \`${column}\` (data.split.key) as in ${first.place}, found "${cell.slice(0, 40)}": write all times in one way`,
    );
  };
}

function dateIn(text: string): number | null {
  const [, day, time = '00:00', zone = 'Z'] = date.exec(text) ?? [];
  if (day === undefined) return null;
  const offset = /^[+-]\d{4}$/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase();
  const parsed = Date.parse(`${day}T${time}${offset}`);
  return Number.isNaN(parsed) ? null : parsed;
}

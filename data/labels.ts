import { quotedList } from '../job/nearest.js';
import { DataError } from './data-error.js';

/** More classes than this, with fewer than two rows each, is a column of texts. */
const MANY_CLASSES = 1000;

/**
 * The label map: label -> class index; classes sorted by code units, so that it depends on no order of rows and no locale.
 * @throws DataError for fewer than two classes, or a column that holds texts rather than classes.
 */
export function labelMap(
  rowsPerLabel: ReadonlyMap<string, number>,
  column: string,
  sourceName: string,
): ReadonlyMap<string, number> {
  const labels = [...rowsPerLabel.keys()].sort();
  const rows = [...rowsPerLabel.values()].reduce((sum, count) => sum + count, 0);
  if (labels.length < 2) {
    const found = labels.length === 0 ? 'none' : `only ${quotedList(labels)}`;
    throw new DataError(`${sourceName}: expected at least two classes in column \`${column}\`, found ${found}`);
  }
  if (labels.length > MANY_CLASSES && labels.length * 2 > rows) {
    const found = `${labels.length} different values in ${rows} rows`;
    throw new DataError(
      `${sourceName}: expected classes in column \`${column}\`, found ${found}: does data.label name the right column?`,
    );
  }
  return new Map(labels.map((label, index) => [label, index]));
}

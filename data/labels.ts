import { quotedList } from '../job/nearest.js';
import { DataError } from './data-error.js';
import type { Target } from './targets.js';

/** More classes than this, with fewer than two rows each, is a column of texts. */
const MANY_CLASSES = 1000;
/** Their names are in memory. */
export const MOST_CLASSES = 1_000_000;

interface Labelled {
  readonly target: Target;
  readonly column: string;
  readonly sourceName: string;
}

/**
 * The label map: label -> class index; classes sorted by code units, so that it depends on no order of rows and no locale.
 * Empty where no classes are learnt.
 * @throws DataError for too few classes (two to choose from, one where a row may have any number), or a column that holds
 * texts rather than classes.
 */
export function labelMap(
  rowsPerLabel: ReadonlyMap<string, number>,
  { target, column, sourceName }: Labelled,
): ReadonlyMap<string, number> {
  if (target === 'value' || target === 'next') return new Map();
  const labels = [...rowsPerLabel.keys()].sort();
  const rows = [...rowsPerLabel.values()].reduce((sum, count) => sum + count, 0);
  const noun = target === 'tags' ? 'tags' : 'classes';
  if (labels.length < (target === 'classes' ? 1 : 2)) {
    const expected = target === 'classes' ? 'classes' : `at least two ${noun}`;
    const found = labels.length === 0 ? 'none' : `only ${quotedList(labels)}`;
    throw new DataError(`${sourceName}: expected ${expected} in column \`${column}\`, found ${found}`);
  }
  if (labels.length > MOST_CLASSES || (labels.length > MANY_CLASSES && labels.length * 2 > rows)) {
    const found = `${labels.length} different values in ${rows} rows`;
    throw new DataError(
      `${sourceName}: expected ${noun} in column \`${column}\`, found ${found}: does data.label name the right column?`,
    );
  }
  return new Map(labels.map((label, index) => [label, index]));
}

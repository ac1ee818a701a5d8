import { quotedList } from '../job/nearest.js';
import type { Job } from '../job/schema.js';
import { DataError } from './data-error.js';
import { splits } from './split.js';

interface Counted {
  /** rows[split] */
  readonly rows: readonly number[];
  /** rowsPerClass[split][class] */
  readonly rowsPerClass: readonly (readonly number[])[];
  readonly labels: readonly string[];
  readonly sourceName: string;
  readonly split: Job['data']['split'];
}

/** @throws DataError for a split without rows, and for classes that have none to train on. */
export function requireRowsEverywhere({ rows, rowsPerClass, labels, sourceName, split }: Counted): void {
  const by = 'column' in split ? `column \`${split.column}\`` : 'data.split';
  for (const [index, name] of splits.entries()) {
    if (rows[index]! > 0) continue;
    const advice =
      'column' in split
        ? `write \`${name}\` into that column of some rows, or leave data.split out: all rows are then divided anew`
        : 'give it a larger fraction, or more rows';
    throw new DataError(`${sourceName}: expected rows in the ${name} split (${by}), found none: ${advice}`);
  }
  const empty = labels.filter((_, label) => rowsPerClass[0]![label] === 0);
  if (empty.length === 0) return;
  const classes =
    empty.length === 1
      ? `class ${quotedList(empty)} has none`
      : `the classes ${quotedList(empty.slice(0, 20))} have none`;
  throw new DataError(
    `${sourceName}: expected rows of every class in the train split (${by}), but ${classes}: add rows of it to train, or take the class out`,
  );
}

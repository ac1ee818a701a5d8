/** Rows that cannot be read: a few are left out, kept aside and told of; more stop the job. */
import { z } from 'zod';
import type { Job } from '../job/schema.js';
import { DataError } from './data-error.js';
import type { BadRow } from './readers/bad-row.js';

const USUAL_MAX_SHARE = 0.01;
const SHOWN = 5;

/** Of those that are kept aside: more than these say nothing new, and they travel with the decisions. */
const MAX_KEPT = 1000;
const MAX_KEPT_CHARACTERS = 2 ** 18;

/** The file beside a data set with the rows that were left out as they stood, an object a line. */
export const BAD_ROWS_FILE = 'bad-rows.jsonl';

export const badRowSchema = z.object({ place: z.string(), why: z.string(), raw: z.string() });
export const badRowsSchema = z.object({
  count: z.int().nonnegative(),
  /** The first ones. */
  kept: z.array(badRowSchema),
});
export type BadRows = z.infer<typeof badRowsSchema>;

/** Share of the rows above which something is wrong with the source rather than with a row. */
export const maxShareOf = ({ badRows }: Pick<Job['data'], 'badRows'>): number => badRows?.maxShare ?? USUAL_MAX_SHARE;

export function badRowsCollector() {
  const all: BadRows = { count: 0, kept: [] };
  let characters = 0;
  return {
    all,
    /** Whether it was kept, and not only counted. */
    add(row: BadRow): boolean {
      all.count++;
      characters += row.raw.length;
      const isKept = all.kept.length < MAX_KEPT && characters <= MAX_KEPT_CHARACTERS;
      if (isKept) all.kept.push(row);
      return isKept;
    },
    /** One of which nothing else is known. */
    addUntold(): void {
      all.count++;
    },
    /** Those of a part, after those of the parts before it. */
    addAll({ count, kept }: BadRows): void {
      for (const row of kept) this.add(row);
      all.count += count - kept.length;
    },
  };
}

export const firstOf = ({ kept }: BadRows): string[] =>
  kept.slice(0, SHOWN).map(({ place, why }) => `${place}: ${why}`);

/** @param rows Those that could be read. @throws DataError when more cannot be read than may be. */
export function judgeBadRows(bad: BadRows, rows: number, maxShare: number, sourceName: string): void {
  const { count } = bad;
  const all = rows + count;
  if (count <= all * maxShare) return;
  const first = firstOf(bad);
  const more = count > first.length ? `; and ${count - first.length} more` : '';
  const share = `at most ${Number((maxShare * 100).toPrecision(3))} % may be left out: data.badRows.maxShare`;
  throw new DataError(
    count === 1 && first.length === 1
      ? first[0]!
      : `${sourceName}: expected rows that can be read, found ${count} of ${all} that cannot (${share}): ${first.join('; ')}${more}`,
  );
}

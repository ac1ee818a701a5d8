/** Images that cannot be used: a few are left out, kept aside and told of, more stop the job. */
import { badRowsCollector, firstOf, type BadRows } from './bad-rows.js';
import { DataError } from './data-error.js';
import type { BadRow } from './readers/bad-row.js';

export interface UnreadableReport extends BadRows {
  /** The first few, each with its place and what is wrong with it. */
  readonly first: readonly string[];
}

/** @param maxShare Share of the images above which something is wrong with the source rather than with an image. */
export function unreadableImages(sourceName: string, maxShare: number) {
  const bad = badRowsCollector();
  return {
    /** `undefined`: one of many. */
    add(row: BadRow | undefined): void {
      if (row) bad.add(row);
      else bad.addUntold();
    },
    /** @throws DataError when more than `maxShare` of `images` cannot be used. */
    report(images: number): UnreadableReport {
      const { count } = bad.all;
      const first = firstOf(bad.all);
      if (count > images * maxShare) {
        const more = count > first.length ? `; and ${count - first.length} more` : '';
        throw new DataError(
          `${sourceName}: expected images, found ${count} of ${images} that cannot be used (at most ${Number((maxShare * 100).toPrecision(3))} % may be left out): ${first.join('; ')}${more}`,
        );
      }
      return { ...bad.all, first };
    },
  };
}

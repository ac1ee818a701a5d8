/** Images that cannot be used: a few are left out and told of, more stop the job. */
import { DataError } from './data-error.js';

const SHOWN = 5;

export interface UnreadableReport {
  readonly count: number;
  /** The first few, each with its place and what is wrong with it. */
  readonly first: readonly string[];
}

/** @param maxShare Share of the images above which something is wrong with the source rather than with an image. */
export function unreadableImages(sourceName: string, maxShare: number) {
  const first: string[] = [];
  let count = 0;
  return {
    add(place: string, fault: string): void {
      count++;
      if (first.length < SHOWN) first.push(`${place}: ${fault}`);
    },
    /** @throws DataError when more than `maxShare` of `images` cannot be used. */
    report(images: number): UnreadableReport {
      if (count > images * maxShare) {
        const more = count > first.length ? `; and ${count - first.length} more` : '';
        throw new DataError(
          `${sourceName}: expected images, found ${count} of ${images} that cannot be used (at most ${Number((maxShare * 100).toPrecision(3))} % may be left out): ${first.join('; ')}${more}`,
        );
      }
      return { count, first };
    },
  };
}

/** Images that cannot be used: a few are left out and told of, more stop the job. */
import { DataError } from './data-error.js';

/** Share of the images above which something is wrong with the source rather than with an image. */
const TOLERATED_SHARE = 0.01;
const SHOWN = 5;

export interface UnreadableReport {
  readonly count: number;
  /** The first few, each with its place and what is wrong with it. */
  readonly first: readonly string[];
}

export function unreadableImages(sourceName: string) {
  const first: string[] = [];
  let count = 0;
  return {
    add(place: string, fault: string): void {
      count++;
      if (first.length < SHOWN) first.push(`${place}: ${fault}`);
    },
    /** @throws DataError when more than 1 % of `images` cannot be used. */
    report(images: number): UnreadableReport {
      if (count > images * TOLERATED_SHARE) {
        const more = count > first.length ? `; and ${count - first.length} more` : '';
        throw new DataError(
          `${sourceName}: expected images, found ${count} of ${images} that cannot be used (at most 1 % may be left out): ${first.join('; ')}${more}`,
        );
      }
      return { count, first };
    },
  };
}

/**
 * One activity for some parts, a few dozen at once. Ranges rather than parts, so that the history is bounded whatever the
 * size of the source; what a lost activity had done of its range is found again by the next try.
 */
import { CancellationScope } from '@temporalio/workflow';
import type { PartRange, PartsDone } from './contract.js';

/** Activities of a stage, at most: with two stages the history stays below 4,000 events. */
const MOST_RANGES = 256;
/** Under way at once: what more workers than this could take is not handed out. */
const AT_ONCE = 64;

/** Contiguous, in order, of equal length but the last. */
export function rangesOf(parts: number, most = MOST_RANGES): PartRange[] {
  const length = Math.max(1, Math.ceil(parts / most));
  const ranges: PartRange[] = [];
  for (let from = 0; from < parts; from += length) ranges.push({ from, to: Math.min(parts, from + length) });
  return ranges;
}

/**
 * Of several failures the one of the first range is thrown, whichever came first: the same data are refused in the same
 * words. What comes after a range that failed is given up.
 */
export async function overParts(
  parts: number,
  work: (range: PartRange) => Promise<PartsDone>,
  onDone: (done: PartsDone) => void,
): Promise<void> {
  const ranges = rangesOf(parts);
  const underWay = new Map<number, CancellationScope>();
  let next = 0;
  let failed: { readonly index: number; readonly error: unknown } | null = null;

  const fail = (index: number, error: unknown): void => {
    if (failed !== null && failed.index < index) return;
    failed = { index, error };
    next = ranges.length;
    for (const [other, scope] of underWay) if (other > index) scope.cancel();
  };
  const lane = async (): Promise<void> => {
    while (next < ranges.length) {
      const index = next++;
      const scope = new CancellationScope();
      underWay.set(index, scope);
      try {
        onDone(await scope.run(() => work(ranges[index]!)));
      } catch (error) {
        fail(index, error);
      } finally {
        underWay.delete(index);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  rethrow(failed);
}

/** A function, so that the compiler does not think that it knows what callbacks have assigned. */
function rethrow(failed: { readonly error: unknown } | null): void {
  if (failed !== null) throw failed.error;
}

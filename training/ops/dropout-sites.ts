/**
 * Which dropout site draws which mask. A site is a number that counts up while a function is traced; a block that is traced again for
 * its gradient (checkpointed) must draw what it drew the first time.
 */
interface Tape {
  readonly sites: number[];
}

const recordings: Tape[] = [];
let replayed: number[] | undefined;

/** The number of the next site: `count()`, or what it was when this block was traced before. */
export function nextSite(count: () => number): number {
  const site = replayed === undefined ? count() : replayed.shift();
  if (site === undefined) throw new Error('dropout: a block drew more masks when it was computed again');
  for (const { sites } of recordings) sites.push(site);
  return site;
}

/** What `body` returns, and the sites it drew. */
export function recordSites<Result>(body: () => Result): { result: Result; sites: readonly number[] } {
  const tape: Tape = { sites: [] };
  recordings.push(tape);
  try {
    return { result: body(), sites: tape.sites };
  } finally {
    recordings.splice(recordings.indexOf(tape), 1);
  }
}

/** Runs `body` with the sites of an earlier run of it. */
export function replaySites<Result>(sites: readonly number[], body: () => Result): Result {
  const outer = replayed;
  replayed = [...sites];
  try {
    return body();
  } finally {
    replayed = outer;
  }
}

import { setTimeout as sleep } from 'node:timers/promises';

/** Between two looks that ask a server, or start a process: forty in a second cost as much as the run that is looked at. */
export const ASK_MS = 250;

/** Waits until `look` gives something other than null, undefined and false. Failing looks count as not yet. */
export const eventually = async <T>(
  what: string,
  look: () => T | Promise<T>,
  withinMs = 30_000,
  everyMs = 25,
): Promise<Exclude<T, null | undefined | false>> => {
  const deadline = performance.now() + withinMs;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const found = await look();
      if (found !== null && found !== undefined && found !== false)
        return found as Exclude<T, null | undefined | false>;
      last = found;
    } catch (error) {
      last = error;
    }
    await sleep(everyMs);
  }
  throw new Error(`not within ${withinMs} ms: ${what}; last seen: ${String(last)}`);
};

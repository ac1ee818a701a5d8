/**
 * Waits for the store for as long as it takes. "Unreachable" is never a reason to give up a run, or to start it afresh;
 * the caller says so to the user through `onWaiting` and ends the wait with its signal.
 */
import { setTimeout } from 'node:timers/promises';
import { isStoreError, StoreError, type StoreErrorKind } from './errors.js';

export interface Waiting {
  /** Since the first failure of this action. */
  readonly sinceMs: number;
  readonly error: StoreError;
}

export interface UntilReachable {
  readonly signal?: AbortSignal | undefined;
  /** Called before every pause. What it throws ends the wait. */
  readonly onWaiting?: ((waiting: Waiting) => void) | undefined;
  readonly firstPauseMs?: number | undefined;
  readonly longestPauseMs?: number | undefined;
  /** Kinds of failure that are waited out. */
  readonly waitFor?: readonly StoreErrorKind[] | undefined;
  /** How a pause is made, where time is not the clock's: in a simulation. */
  readonly pause?: ((ms: number) => Promise<void>) | undefined;
}

export async function untilReachable<T>(action: () => Promise<T>, options: UntilReachable = {}): Promise<T> {
  const { signal, onWaiting, firstPauseMs = 200, longestPauseMs = 5_000 } = options;
  const waitFor = options.waitFor ?? ['unreachable', 'conflict'];
  let failedFirst: number | null = null;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return await action();
    } catch (error) {
      if (!isStoreError(error, ...waitFor)) throw error;
      failedFirst ??= performance.now();
      onWaiting?.({ sinceMs: performance.now() - failedFirst, error });
    }
    if (options.pause) {
      await options.pause(pauseMs);
      continue;
    }
    // Half of the pause is spread, so that a fleet does not come back all at once.
    await setTimeout(pauseMs * (0.5 + 0.5 * Math.random()), undefined, { ...(signal && { signal }) }).catch(() => {
      throw new StoreError('aborted', 'the wait for the store was cancelled');
    });
  }
}

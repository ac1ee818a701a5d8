/**
 * Faults at moments of a run, in milliseconds from its start. Runs are not equally fast: a process may not be there yet at the
 * moment of its fault, and a run may be over before it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Try } from '../../faults/row.js';
import type { World } from './world.js';

const LOOK_EACH_MS = 50;
/** The moments are at an eighth of their time then. */
const SMALLEST_SHARE = 1 / 8;

/** Signals what is called so as soon as it is there. The process ids that got it; none when the run ended before. */
export async function signalWhenThere(
  world: World,
  name: string | (() => string),
  signal: NodeJS.Signals,
  ended: AbortSignal,
): Promise<number[]> {
  while (!ended.aborted) {
    const pids = world.signal(typeof name === 'string' ? name : name(), signal);
    if (pids.length > 0) return pids;
    await pause(LOOK_EACH_MS);
  }
  return [];
}

/** A try whose run was over before its fault came was none: again, with all moments at half their time. */
export async function untilHit(attempt: (share: number) => Promise<Try>): Promise<Try> {
  for (let share = 1; ; share /= 2) {
    const tried = await attempt(share);
    if (tried.faults > 0 || tried.problems.length > 0 || share <= SMALLEST_SHARE) return tried;
  }
}

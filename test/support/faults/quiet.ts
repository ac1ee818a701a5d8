import { setTimeout as pause } from 'node:timers/promises';
import type { World } from './world.js';

/** Waits until no worker has asked the store for anything for `forMs`: whoever woke up late has found out by then. */
export async function untilQuiet({ hosts }: World, forMs: number, withinMs = 60_000): Promise<void> {
  const requests = () => hosts.reduce((sum, { s3 }) => sum + s3.seen.length, 0);
  const deadline = performance.now() + withinMs;
  for (let before = -1; performance.now() < deadline; await pause(forMs)) {
    const now = requests();
    if (now === before) return;
    before = now;
  }
  throw new Error('the workers never came to rest');
}

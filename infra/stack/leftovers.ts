import { markedProcesses, reclaim } from './reclaim.js';

/** What every process that a command of the repository starts carries in its environment, whoever its parent is by now. */
export const commandMark = 'TEMPER_COMMAND';

/**
 * Ends what a command has left running: a test runner that is interrupted leaves its servers and `temper up --detach`.
 * Returns what it was, as `temporal (4711)`. Whoever is asked to end may start something meanwhile: that is ended too.
 */
export async function endLeftovers(id: string, graceMs = 3_000): Promise<string[]> {
  const ended: string[] = [];
  for (;;) {
    const left = markedProcesses(commandMark, id);
    if (left.length === 0) return ended;
    ended.push(...left.map(({ name, pid }) => `${name} (${pid})`));
    await reclaim(left, graceMs);
  }
}

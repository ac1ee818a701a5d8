import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { basename } from 'node:path';

/**
 * Lets the threads that train go before this one: one of them that is held up holds up all, which wait for one another at every op.
 * Linux gives each thread a priority of its own (setpriority(2)); elsewhere nothing is changed.
 */
export function yieldToTraining(): void {
  try {
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), constants.priority.PRIORITY_LOW);
  } catch {
    // No /proc, or not allowed: it shares the processor as all threads do.
  }
}

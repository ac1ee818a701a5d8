import { setTimeout as pause } from 'node:timers/promises';
import { livingProcesses, residentBytes } from './processes.js';
import type { Scene } from './scene.js';

/** How much a worker may grow while it waits. */
const GROWTH_BYTES = 96 * 1024 * 1024;

/** Looks at the device workers for so long; says which of them grew too much. */
export async function memoryDuring({ world }: Scene, forMs: number): Promise<string[]> {
  const workers = () => livingProcesses(world.folder).filter(({ name }) => name.startsWith('device'));
  const first = new Map<number, number>();
  const grown = new Set<string>();
  for (const until = performance.now() + forMs; performance.now() < until; await pause(500)) {
    for (const { name, pid } of workers()) {
      const bytes = residentBytes(pid);
      const growth = bytes - (first.get(pid) ?? bytes);
      if (!first.has(pid)) first.set(pid, bytes);
      if (growth > GROWTH_BYTES) grown.add(`${name} grew by more than ${GROWTH_BYTES >> 20} MiB while it waited`);
    }
  }
  return [...grown];
}

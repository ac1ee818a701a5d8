import { fork, type ChildProcess } from 'node:child_process';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Pinned } from '../workflows/contract.js';
import { engineEnvironment } from './environment.js';

export interface EngineProcess {
  readonly pinned: Pinned;
  /** Whether the code of a model that is a module may run in it (docs/operations.md). */
  readonly allowModules: boolean;
  /** The file where it says which step it is at (black-box.ts). */
  readonly blackBox: string;
}

export function spawnEngine({ pinned, allowModules, blackBox }: EngineProcess): ChildProcess {
  const child = fork(fileURLToPath(new URL('./host/main.js', import.meta.url)), {
    detached: true, // a terminal's Ctrl-C is the worker's to handle
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      ...process.env,
      ...engineEnvironment(pinned),
      TEMPER_ALLOW_MODULES: allowModules ? '1' : '0',
      TEMPER_BLACK_BOX: blackBox,
    },
  });
  // The worker's heartbeats must go through while the engine computes on every core.
  if (child.pid) lowerPriority(child.pid);
  return child;
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, 5);
  } catch {
    // Not allowed, or gone already: then the exit handler speaks.
  }
}

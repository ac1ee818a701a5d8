/** The stack of a world: the product's own supervisor in a process that can be killed like all the others. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { StackEvent } from '../../../infra/stack/events.js';
import type { Ports } from '../../../infra/stack/ports.js';
import type { WorkerSpec } from '../../../infra/stack/workers.js';
import { binaries } from '../embedded-stack.js';
import { eventually } from '../poll.js';
import { builtFile } from '../spawned-stack.js';

type Said = StackEvent | { readonly kind: 'up'; readonly ports: Ports };

export interface Supervisor {
  readonly ports: Ports;
  readonly pid: number;
  readonly events: readonly Said[];
  /** Ends it and all its children at once. */
  stop(): Promise<void>;
}

export async function startSupervisor(folder: string, workers: readonly WorkerSpec[]): Promise<Supervisor> {
  const argument = JSON.stringify({ binaries: binaries(), folder, workers, graceSeconds: 5 });
  const child = spawn(process.execPath, [builtFile('test/support/stack-process.ts'), argument], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'], // with a channel: it ends when we do, however we do
  });
  const events: Said[] = [];
  let errors = '';
  child.stderr!.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  createInterface({ input: child.stdout! }).on('line', (line) => events.push(JSON.parse(line) as Said));
  const exited = once(child, 'exit');
  const { ports } = await eventually(
    'the stack is up, and all its workers poll',
    () => {
      if (hasEnded(child)) return { ports: null };
      const up = events.find((event) => event.kind === 'up');
      return up?.kind === 'up' && workers.every(({ name }) => isReady(events, name)) && up;
    },
    120_000,
  );
  if (ports === null || child.pid === undefined) throw new Error(`the stack did not start: ${errors}`);
  return {
    ports,
    pid: child.pid,
    events,
    stop: async () => {
      if (child.connected) child.disconnect(); // killed, it may not be known to have ended yet
      await exited;
    },
  };
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

const isReady = (events: readonly Said[], name: string): boolean =>
  events.some((event) => event.kind === 'ready' && event.name === name);

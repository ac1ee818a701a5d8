import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { repositoryRoot } from '../../infra/parts/root.mjs';
import type { StackEvent } from '../../infra/stack/events.js';
import type { Ports } from '../../infra/stack/ports.js';
import type { WorkerSpec } from '../../infra/stack/workers.js';
import { binaries } from './embedded-stack.js';
import { eventually } from './poll.js';

const root = `${repositoryRoot()}/`; // also when this runs as its own compiled twin

/** The compiled twin of a source file: Node 20 runs no TypeScript. `npm test` builds first; a bare vitest does not. */
export const builtFile = (source: string): string => {
  const path = `${root}dist/${source.replace(/\.ts$/, '.js')}`;
  if (!existsSync(path) || statSync(path).mtimeMs < statSync(`${root}${source}`).mtimeMs)
    throw new Error(`${path} is missing or older than ${source}: run \`npm run build\` first`);
  return path;
};

export interface SpawnedStack {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly events: (StackEvent | { kind: 'up'; ports: Ports })[];
  readonly ports: Ports;
  readonly exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

export interface SpawnOptions {
  readonly folder: string;
  readonly workers?: readonly WorkerSpec[];
  readonly graceSeconds?: number;
}

/** A stack in a process of its own; killed when the test has finished. */
export const spawnStack = async (options: SpawnOptions): Promise<SpawnedStack> => {
  const program = builtFile('test/support/stack-process.ts');
  const argument = JSON.stringify({ binaries: binaries(), workers: [], graceSeconds: 5, ...options });
  const child = spawn(process.execPath, [program, argument], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const events: SpawnedStack['events'] = [];
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  createInterface({ input: child.stdout }).on('line', (line) => events.push(JSON.parse(line) as StackEvent));
  const exit = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.once('exit', (code, signal) => resolve({ code, signal })),
  );
  const up = await eventually('the stack is up', () => {
    if (child.exitCode !== null) return { kind: 'failed' as const };
    return events.find((event) => event.kind === 'up');
  });
  if (up.kind !== 'up' || child.pid === undefined) throw new Error(`the stack did not start: ${errors}`);
  return { process: child, pid: child.pid, events, ports: up.ports, exit };
};

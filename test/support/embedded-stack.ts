import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { partPaths } from '../../infra/parts.mjs';
import type { StackEvent } from '../../infra/stack/events.js';
import { isAlive } from '../../infra/stack/process-identity.js';
import { orphansOf, signalProcess, waitUntilGone } from '../../infra/stack/reclaim.js';
import { readRecord } from '../../infra/stack/record.js';
import type { RecordedProcess } from '../../infra/stack/record.js';
import type { Stack, StackOptions } from '../../infra/stack/stack.js';
import { startStack } from '../../infra/stack/start.js';
import type { WorkerSpec } from '../../infra/stack/workers.js';
import { eventually } from './poll.js';
import { temporaryFolder } from './temporary-folder.js';

const stubEntry = fileURLToPath(new URL('./stub-worker.mjs', import.meta.url));

export const binaries = (): StackOptions['binaries'] => ({
  temporal: partPaths().temporalCli,
  versitygw: partPaths().versitygw,
});

/** A folder for a stack; whatever still runs of it when the test has finished is killed. */
export const stackTestFolder = (): string => {
  const folder = join(temporaryFolder(), '.temper');
  mkdirSync(folder, { mode: 0o700 });
  onTestFinished(async () => {
    const left = orphansOf(folder, readRecord(join(folder, 'stack.json')));
    for (const each of left) signalProcess(each, 'SIGKILL');
    await waitUntilGone(left, 5_000);
  });
  return folder;
};

export interface StubOptions {
  readonly drainMs?: number;
  readonly fails?: boolean;
  readonly stopsLast?: boolean;
}

/** Beside the folder, so that it outlives it in the tests that look. */
const notesPath = (folder: string, name: string): string => join(dirname(folder), `${name}.notes`);

export const stubWorker = (
  folder: string,
  name: string,
  { drainMs = 0, fails = false, stopsLast = false }: StubOptions = {},
): WorkerSpec => ({
  name,
  stopsLast,
  entry: stubEntry,
  args: [notesPath(folder, name), String(drainMs), ...(fails ? ['fails'] : [])],
});

export const stubNotes = (folder: string, name: string): string[] => {
  try {
    return readFileSync(notesPath(folder, name), 'utf8').trim().split('\n');
  } catch {
    return [];
  }
};

export const stubEnvironment = (folder: string, name: string): Record<string, string> =>
  JSON.parse(readFileSync(`${notesPath(folder, name)}.env`, 'utf8')) as Record<string, string>;

export interface TestStack {
  readonly stack: Stack;
  readonly events: StackEvent[];
}

/** In this process, with stub workers; stopped when the test has finished. */
export const startTestStackHere = async (
  options: Partial<StackOptions> & { readonly folder: string },
): Promise<TestStack> => {
  const events: StackEvent[] = [];
  const stack = await startStack({
    binaries: binaries(),
    workers: [],
    graceSeconds: 5,
    onEvent: (event) => events.push(event),
    ...options,
  });
  onTestFinished(() => stack.stop({ now: true }));
  return { stack, events };
};

/** The recorded process of that name, once it lives; `not`: another one than this. */
export const recordedProcess = (folder: string, name: string, not?: RecordedProcess): Promise<RecordedProcess> =>
  eventually(`${name} of ${folder} lives`, () =>
    readRecord(join(folder, 'stack.json'))?.processes.find(
      (each) => each.name === name && each.pid !== not?.pid && isAlive(each),
    ),
  );

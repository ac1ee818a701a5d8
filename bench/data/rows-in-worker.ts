/**
 * A table of many rows goes through the embedded stack as a user's would: `temper data prepare`, and a worker of role data that
 * does nothing else. `node rows-in-worker.js ROWS` tells on stdout what that worker took; `npm run bench -- data --only rows` asks for 10 million.
 */
import { execFile } from 'node:child_process';
import { readdirSync, statSync, type Dirent } from 'node:fs';
import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { z } from 'zod';
import { eventsOf, millisOf, type HistoryEvent } from '../../test/support/history.js';
import { expectExit, withClient } from '../../test/support/runs.js';
import type { TestStack } from '../../test/support/stack.js';
import { peakMebibytes } from '../machine.js';
import { startBenchStack } from '../stack.js';

export interface RowsInWorker {
  readonly rows: number;
  readonly bytes: number;
  /** Of the data worker's process, from its start to the end of the preparation. */
  readonly peakMebibytes: number;
  /** To check the source and put it on S3, then of each stage, from its first activity's start to its last one's end. */
  readonly seconds: Readonly<Record<string, number>>;
  /** The most that lay in the stack's folder (store, worker's cache and scratch, Temporal's database), without the source. */
  readonly diskGigabytes: number;
  readonly droppedDuplicates: number;
  /** Of the data set. */
  readonly digest: string;
}

const SOURCE = 'rows.csv';
const JOB = 'rows.yaml';
const WITHIN_MS = 6 * 3_600_000;
const LOOK_EACH_MS = 5_000;
const prepared = z.object({
  id: z.string(),
  digest: z.string(),
  cleaning: z.object({ rowsRead: z.number(), droppedDuplicates: z.number() }),
});

const job = {
  name: 'rows',
  task: 'tabular-classification',
  model: 'mlp',
  data: {
    source: SOURCE,
    label: 'label',
    features: { numeric: Array.from({ length: 10 }, (_, i) => `n${i}`), categorical: ['place'] },
    clean: { dropDuplicates: true },
    leakage: 'off',
  },
};

export async function rowsInWorker(rows: number, say: (sentence: string) => void): Promise<RowsInWorker> {
  const stack = await startBenchStack();
  try {
    const source = join(stack.directory, SOURCE);
    say('The table is written...');
    await promisify(execFile)(process.execPath, [
      fileURLToPath(new URL('./make-rows.js', import.meta.url)),
      source,
      String(rows),
    ]);
    await writeFile(join(stack.directory, JOB), stringify(job));
    const pid = pidOfDataWorker(stack);
    let mostBytes = 0;
    const looking = setInterval(() => {
      mostBytes = Math.max(mostBytes, bytesBelow(stack.folder));
      say(`  ${peakMebibytes(pid).toFixed(0)} MiB, ${(mostBytes / 1e9).toFixed(1)} GB of disk`);
    }, LOOK_EACH_MS);
    const began = Date.now();
    const preparing = stack.temper(['data', 'prepare', JOB, '--json'], { timeoutMs: WITHIN_MS });
    const said = await preparing.finally(() => clearInterval(looking));
    const { id, digest, cleaning } = prepared.parse(JSON.parse(expectExit(said)));
    if (pidOfDataWorker(stack) !== pid) throw new Error('the data worker died on the way: its log says why');
    const events = await withClient(stack, (client) => eventsOf(client, id));
    return {
      ...{ rows: cleaning.rowsRead, bytes: (await stat(source)).size, peakMebibytes: peakMebibytes(pid) },
      seconds: { 'check and upload': (millisOf(events[0]!) - began) / 1000, ...secondsOfStages(events) },
      diskGigabytes: Math.max(mostBytes, bytesBelow(stack.folder)) / 1e9,
      ...{ droppedDuplicates: cleaning.droppedDuplicates, digest },
    };
  } finally {
    await stack.stop();
    await rm(stack.directory, { recursive: true, force: true });
  }
}

function pidOfDataWorker(stack: TestStack): number {
  const pid = stack.pids()['data'];
  if (pid === undefined) throw new Error('the data worker does not run: its log says why');
  return pid;
}

/** What a folder takes of the disk; the worker's folders come and go meanwhile, and what is gone takes nothing. */
function bytesBelow(folder: string): number {
  let bytes = 0;
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += bytesBelow(path);
    else if (entry.isFile()) bytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** By the activity's name, in the order of the stages. */
function secondsOfStages(events: readonly HistoryEvent[]): Record<string, number> {
  const names = new Map<string, string>();
  const stages = new Map<string, { from: number; to: number }>();
  const seen = (event: HistoryEvent, scheduledId: unknown): void => {
    const name = names.get(String(scheduledId))!;
    const { from, to } = stages.get(name) ?? { from: Infinity, to: -Infinity };
    stages.set(name, { from: Math.min(from, millisOf(event)), to: Math.max(to, millisOf(event)) });
  };
  for (const event of events) {
    const scheduled = event.activityTaskScheduledEventAttributes?.activityType?.name;
    if (scheduled) names.set(String(event.eventId), scheduled);
    const about = event.activityTaskStartedEventAttributes ?? event.activityTaskCompletedEventAttributes;
    if (about) seen(event, about.scheduledEventId);
  }
  return Object.fromEntries([...stages].map(([name, { from, to }]) => [name, (to - from) / 1000]));
}

const [, script, rows] = process.argv;
if (script?.endsWith('rows-in-worker.js')) {
  const result = await rowsInWorker(Number(rows), (sentence) => void process.stderr.write(`${sentence}\n`));
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

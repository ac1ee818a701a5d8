/** A thread of the data worker (data-threads.ts). It knows files of this machine alone, neither Temporal nor S3. */
import { parentPort } from 'node:worker_threads';
import { dataTasks } from '../activities/data/tasks.js';
import type { TaskContext } from '../activities/data/task-context.js';
import { DataError } from '../data/data-error.js';
import type { FromThread, ToThread } from './data-thread-messages.js';

const PROGRESS_EVERY_MS = 500;

const port = parentPort;
if (!port) throw new Error('workers/data-thread.ts runs in a worker thread');
const say = (message: FromThread): void => port.postMessage(message);

port.on('message', ({ task, input }: ToThread) => {
  void perform(task, input).then(say, (error: unknown) => say({ kind: 'failed', failure: describe(error) }));
});

async function perform(task: string, input: unknown): Promise<FromThread> {
  const work = (dataTasks as Record<string, (input: never, context: TaskContext) => Promise<unknown>>)[task];
  if (!work) throw new Error(`there is no task ${task}`);
  let saidAtMs = -Infinity;
  const onProgress: TaskContext['onProgress'] = (progress) => {
    const nowMs = performance.now();
    if (nowMs - saidAtMs < PROGRESS_EVERY_MS) return;
    saidAtMs = nowMs;
    say({ kind: 'progress', progress });
  };
  return { kind: 'done', result: await work(input as never, { onProgress }) };
}

function describe(error: unknown): Extract<FromThread, { kind: 'failed' }>['failure'] {
  const isOfData = error instanceof DataError;
  if (!(error instanceof Error))
    return { isOfData, name: 'Error', message: String(error), stack: undefined, code: undefined };
  const { name, message, stack, code } = error as NodeJS.ErrnoException;
  return { isOfData, name, message, stack, code };
}

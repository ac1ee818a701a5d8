import { Worker } from 'node:worker_threads';
import type { Gathered } from '../examples/examples.js';
import type { Gatherer } from './gatherer.js';
import type { FromThread, ThreadInput, ToThread } from './messages.js';

export interface GatherThread extends Gatherer {
  close(): Promise<void>;
}

interface Asked {
  readonly resolve: (gathered: Gathered) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Gathers on a thread of its own, which starts with the first batch asked for. If it dies, every batch under way fails; the next
 * one asked for starts another.
 */
export function gatherThread(input: ThreadInput, script = compiledScript()): GatherThread {
  const asked = new Map<number, Asked>();
  let worker: Worker | null = null;
  let last = 0;

  function start(): Worker {
    const started = new Worker(script, { workerData: input });
    started.unref(); // it ends with the process
    started.on('message', (message: FromThread) => {
      const { resolve, reject } = asked.get(message.id)!;
      asked.delete(message.id);
      if ('error' in message) reject(new Error(`a batch could not be gathered: ${message.error}`));
      else resolve(message.gathered);
    });
    const died = (how: string): void => {
      if (worker !== started) return;
      worker = null;
      for (const { reject } of asked.values()) reject(new Error(`the thread that gathers batches died: ${how}`));
      asked.clear();
    };
    started.once('error', (error) => died(error.message));
    started.once('exit', (code) => died(`it ended with ${code}`));
    return started;
  }

  return {
    gather: (batch, rows, at) =>
      new Promise((resolve, reject) => {
        worker ??= start();
        asked.set(++last, { resolve, reject });
        worker.postMessage({ id: last, batch, rows, at } satisfies ToThread);
      }),
    async close() {
      const running = worker;
      await running?.terminate(); // those who wait hear of it
    },
  };
}

/** A thread runs no TypeScript: tests run sources, and their threads what was compiled of them. */
function compiledScript(): URL {
  const isSource = import.meta.url.endsWith('.ts');
  return new URL(isSource ? '../../dist/training/feed/thread.js' : './thread.js', import.meta.url);
}

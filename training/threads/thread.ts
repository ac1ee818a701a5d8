import { Worker } from 'node:worker_threads';
import type { Answer, Ask } from './ask.js';

export interface Thread<Question, Result> {
  /** The buffers of `transfer` are the thread's from then on. */
  ask(question: Question, transfer?: readonly ArrayBuffer[]): Promise<Result>;
  close(): Promise<void>;
}

export interface ThreadOptions {
  /** What it does, as its errors say it: `gathers batches`. */
  readonly does: string;
  /** What it starts with. */
  readonly input?: unknown;
}

interface Asked<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A thread that answers questions (answer.ts). It starts with the first one. If it dies, all that were asked fail; the next
 * question starts another.
 */
export function threadOf<Question, Result>(script: URL, { does, input }: ThreadOptions): Thread<Question, Result> {
  const asked = new Map<number, Asked<Result>>();
  let worker: Worker | null = null;
  let last = 0;

  function start(): Worker {
    const started = new Worker(script, { workerData: input });
    started.unref(); // it ends with the process
    started.on('message', (message: Answer<Result>) => {
      const { resolve, reject } = asked.get(message.id)!;
      asked.delete(message.id);
      if ('error' in message) reject(new Error(`the thread that ${does} failed: ${message.error}`));
      else resolve(message.result);
    });
    const died = (how: string): void => {
      if (worker !== started) return;
      worker = null;
      for (const { reject } of asked.values()) reject(new Error(`the thread that ${does} died: ${how}`));
      asked.clear();
    };
    started.once('error', (error) => died(error.message));
    started.once('exit', (code) => died(`it ended with ${code}`));
    return started;
  }

  return {
    ask: (question, transfer = []) =>
      new Promise((resolve, reject) => {
        worker ??= start();
        asked.set(++last, { resolve, reject });
        worker.postMessage({ id: last, question } satisfies Ask<Question>, transfer);
      }),
    async close() {
      const running = worker;
      await running?.terminate(); // those who wait hear of it
    },
  };
}

/** The script of a room of training/. A thread runs no TypeScript: tests run sources, and their threads what was compiled of them. */
export function compiledScript(path: string): URL {
  const isSource = import.meta.url.endsWith('.ts');
  return new URL(`${isSource ? '../../dist/training' : '..'}/${path}`, import.meta.url);
}

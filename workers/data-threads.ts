/**
 * The data worker's threads. A task is a message to a thread that is free; its end is a message back. A thread that dies fails
 * its task alone, and another one takes its place. A task that is given up ends its thread: it may be in the middle of computing
 * and hear nothing.
 */
import { Worker } from 'node:worker_threads';
import type { TaskProgress } from '../activities/data/task-context.js';
import { ThreadOutOfMemory, type DataThreads, type RunTask } from '../activities/data/threads.js';
import { DataError } from '../data/data-error.js';
import type { FromThread, ToThread } from './data-thread-messages.js';

export interface DataThreadsOptions {
  readonly count: number;
  /** JavaScript's memory of one thread; buffers are not in it. */
  readonly heapMiB: number;
  readonly entry: URL;
}

const IDLE_MS = 30_000;

interface Waiting {
  readonly task: string;
  readonly input: unknown;
  readonly options: RunTask;
  readonly giveUp: () => void;
  readonly settle: { resolve(value: unknown): void; reject(error: unknown): void };
}

export class DataThreadPool implements DataThreads {
  readonly #options: DataThreadsOptions;
  readonly #waiting: Waiting[] = [];
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();
  #busy = 0;
  #alone = false;

  constructor(options: DataThreadsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#options.count;
  }

  run: DataThreads['run'] = (task, input, options) =>
    new Promise<never>((resolve, reject) => {
      const waiting: Waiting = {
        ...{ task, input, options },
        giveUp: () => {
          this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
          reject(options.signal.reason as Error);
          this.#dispatch();
        },
        settle: { resolve: resolve as (value: unknown) => void, reject },
      };
      if (options.signal.aborted) return reject(options.signal.reason as Error);
      options.signal.addEventListener('abort', waiting.giveUp, { once: true });
      this.#waiting.push(waiting);
      this.#dispatch();
    });

  async close(): Promise<void> {
    await Promise.all([...this.#all].map((thread) => thread.terminate()));
  }

  /** In the order in which they came: one that wants to be alone is not overtaken. */
  #dispatch(): void {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      const { alone = false } = next.options;
      if (this.#alone || (alone ? this.#busy > 0 : this.#busy >= this.#options.count)) return;
      this.#waiting.shift();
      next.options.signal.removeEventListener('abort', next.giveUp); // it is ended where it runs
      this.#busy++;
      this.#alone = alone;
      void this.#perform(next);
    }
  }

  async #perform({ task, input, options, settle }: Waiting): Promise<void> {
    let thread: Worker | null = null;
    try {
      // One alone may have the memory of all.
      if (options.alone) await Promise.all(this.#idle.splice(0).map((idle) => idle.terminate()));
      thread = this.#idle.pop() ?? this.#start(options.alone ? this.#options.count : 1);
      settle.resolve(await this.#ask(thread, { task, input }, options));
      if (options.alone) await thread.terminate();
      else this.#rest(thread);
    } catch (error) {
      // A thread that has said what went wrong goes on.
      if (thread && error instanceof TaskFailed && !options.alone) this.#rest(thread);
      else await thread?.terminate();
      settle.reject(error instanceof TaskFailed ? error.cause : error);
    } finally {
      this.#busy--;
      this.#alone = false;
      this.#dispatch();
    }
  }

  /** Kept for the next task for a while, with what it has loaded. */
  #rest(thread: Worker): void {
    this.#idle.push(thread);
    setTimeout(() => {
      if (this.#idle[0] === thread && this.#idle.shift()) void thread.terminate();
    }, IDLE_MS).unref();
  }

  #start(shares: number): Worker {
    const { entry, heapMiB } = this.#options;
    const thread = new Worker(entry, {
      resourceLimits: { maxOldGenerationSizeMb: heapMiB * shares, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 },
    });
    thread.unref(); // it alone keeps no process
    thread.setMaxListeners(0);
    this.#all.add(thread);
    thread.once('exit', () => {
      this.#all.delete(thread);
      const at = this.#idle.indexOf(thread);
      if (at !== -1) this.#idle.splice(at, 1);
    });
    thread.on('error', () => undefined); // whoever waits for it hears of it; an idle one is not missed
    return thread;
  }

  #ask(thread: Worker, message: ToThread, { signal, onProgress }: RunTask): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const over = (settle: () => void): void => {
        thread.off('message', onMessage).off('error', onError).off('exit', onExit);
        signal.removeEventListener('abort', onAbort);
        settle();
      };
      const onMessage = (said: FromThread): void => {
        if (said.kind === 'progress') onProgress?.(said.progress as TaskProgress);
        else if (said.kind === 'done') over(() => resolve(said.result));
        else over(() => reject(new TaskFailed(errorOf(said.failure))));
      };
      const onError = (error: Error & { code?: string }): void => {
        const outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
        over(() => reject(outOfMemory ? new ThreadOutOfMemory(message.task, this.#options.heapMiB) : error));
      };
      const onExit = (code: number): void => over(() => reject(new Error(`a data thread ended with code ${code}`)));
      const onAbort = (): void => over(() => reject(signal.reason as Error));
      thread.on('message', onMessage).on('error', onError).on('exit', onExit);
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
      else thread.postMessage(message);
    });
  }
}

/** The thread lives, its task has failed by `cause`. */
class TaskFailed extends Error {
  constructor(override readonly cause: Error) {
    super(cause.message);
  }
}

function errorOf({ isOfData, name, message, stack, code }: Extract<FromThread, { kind: 'failed' }>['failure']): Error {
  if (isOfData) return new DataError(message);
  return Object.assign(new Error(message), { name, ...(stack && { stack }), ...(code && { code }) });
}

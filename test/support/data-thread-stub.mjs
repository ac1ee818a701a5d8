// A thread that speaks as workers/data-thread.ts does, with tasks that fail in every way.
import { parentPort, threadId } from 'node:worker_threads';

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);

/** @type {Record<string, (input: any) => unknown>} */
const tasks = {
  say: (input) => input,
  thread: () => threadId,
  spin: ({ ms }) => {
    const until = performance.now() + ms;
    while (performance.now() < until);
    return threadId;
  },
  forever: () => {
    for (;;);
  },
  progress: () => port.postMessage({ kind: 'progress', progress: { done: 3, total: 7 } }),
  wrongData: () => {
    throw Object.assign(new Error('a.csv:3: expected a label'), { isOfData: true });
  },
  noSpace: () => {
    throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  },
  exit: () => process.exit(9),
  memory: () => {
    const kept = [];
    for (;;) kept.push(new Array(10_000).fill(kept.length));
  },
};

port.on('message', ({ task, input }) => {
  try {
    port.postMessage({ kind: 'done', result: tasks[task]?.(input) });
  } catch (error) {
    const { isOfData = false, name, message, stack, code } = /** @type {any} */ (error);
    port.postMessage({ kind: 'failed', failure: { isOfData, name, message, stack, code } });
  }
});

import { afterEach, expect, test } from 'vitest';
import { ThreadOutOfMemory, type RunTask } from '../../activities/data/threads.js';
import { DataError } from '../../data/data-error.js';
import { DataThreadPool } from '../../workers/data-threads.js';

/** Tasks of the stub, which are not those of data/. */
type Run = (task: string, input?: unknown, options?: Partial<RunTask>) => Promise<unknown>;

const pools: DataThreadPool[] = [];
const threads = (count: number): Run => {
  const pool = new DataThreadPool({
    ...{ count, heapMiB: 32 },
    entry: new URL('../support/data-thread-stub.mjs', import.meta.url),
  });
  pools.push(pool);
  const run = pool.run as unknown as (task: string, input: unknown, options: RunTask) => Promise<unknown>;
  return (task, input, options) => run(task, input, { signal: new AbortController().signal, ...options });
};
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

test('what a task gives comes back, and one thread after the other is started as far as there are tasks', async () => {
  const run = threads(2);
  expect(await run('say', { rows: [1, 2] })).toEqual({ rows: [1, 2] });
  const first = await run('thread');
  expect(await run('thread')).toBe(first);
  const ids = await Promise.all(Array.from({ length: 6 }, () => run('spin', { ms: 20 })));
  expect(new Set(ids).size).toBe(2);
});

test('the event loop goes on while every thread computes', async () => {
  const run = threads(2);
  await run('thread');
  let ticks = 0;
  const timer = setInterval(() => ticks++, 10);
  await Promise.all([run('spin', { ms: 2_000 }), run('spin', { ms: 2_000 })]); // long: a busy machine keeps timers waiting
  clearInterval(timer);
  expect(ticks).toBeGreaterThan(10);
});

test('progress is heard', async () => {
  const heard: unknown[] = [];
  await threads(1)('progress', null, { onProgress: (progress) => heard.push(progress) });
  expect(heard).toEqual([{ done: 3, total: 7 }]);
});

test('what is wrong with the data stays that, and other failures keep their code', async () => {
  const run = threads(1);
  const wrong = await run('wrongData').catch((error: unknown) => error);
  expect(wrong).toBeInstanceOf(DataError);
  expect((wrong as Error).message).toBe('a.csv:3: expected a label');
  await expect(run('noSpace')).rejects.toMatchObject({ code: 'ENOSPC', message: /no space left/ });
  expect(await run('say', 'on')).toBe('on');
});

test('a thread that dies, or needs too much memory, fails its own task alone', async () => {
  const run = threads(2);
  const other = run('spin', { ms: 300 });
  await expect(run('exit')).rejects.toThrow('a data thread ended with code 9');
  await expect(run('memory')).rejects.toBeInstanceOf(ThreadOutOfMemory);
  expect(await other).toBeTypeOf('number');
  expect(await run('say', 'on')).toBe('on');
});

test('a task that is given up ends, also in the middle of computing and while it waits', async () => {
  const run = threads(1);
  const [computing, waiting] = [new AbortController(), new AbortController()];
  const first = run('forever', null, { signal: computing.signal });
  const second = run('say', 'second', { signal: waiting.signal });
  const third = run('say', 'third');
  waiting.abort(new Error('not wanted'));
  await expect(second).rejects.toThrow('not wanted');
  computing.abort(new Error('cancelled'));
  await expect(first).rejects.toThrow('cancelled');
  expect(await third).toBe('third');
});

test('one alone waits for those before it, and those after it wait for its end', async () => {
  const run = threads(2);
  const order: string[] = [];
  const note = (name: string) => (): void => void order.push(name);
  await Promise.all([
    run('spin', { ms: 100 }).then(note('before')),
    run('spin', { ms: 50 }, { alone: true }).then(note('alone')),
    run('say').then(note('after')),
  ]);
  expect(order).toEqual(['before', 'alone', 'after']);
});

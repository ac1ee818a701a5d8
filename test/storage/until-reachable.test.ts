import { expect, test } from 'vitest';
import { StoreError } from '../../storage/errors.js';
import { untilReachable } from '../../storage/until-reachable.js';

const failing = (kind: StoreError['kind'], times: number) => {
  let calls = 0;
  return () =>
    calls++ < times ? Promise.reject(new StoreError(kind, `${kind}, call ${calls}`)) : Promise.resolve(calls);
};

test('what is unreachable or in conflict is tried until it works, and every wait is told', async () => {
  const told: string[] = [];
  const onWaiting = ({ error }: { error: StoreError }) => told.push(error.message);
  expect(await untilReachable(failing('unreachable', 3), { firstPauseMs: 1, onWaiting })).toBe(4);
  expect(await untilReachable(failing('conflict', 1), { firstPauseMs: 1 })).toBe(2);
  expect(told).toEqual(['unreachable, call 1', 'unreachable, call 2', 'unreachable, call 3']);
});

test('pauses grow up to their limit', async () => {
  const started = performance.now();
  await untilReachable(failing('unreachable', 40), { firstPauseMs: 1, longestPauseMs: 4 });
  expect(performance.now() - started).toBeLessThan(2_000);
});

test('other failures are thrown at once', async () => {
  for (const kind of ['denied', 'missing', 'precondition', 'corrupt', 'aborted'] as const)
    await expect(untilReachable(failing(kind, 1))).rejects.toMatchObject({ kind });
  await expect(untilReachable(() => Promise.reject(new TypeError('a bug')))).rejects.toThrow('a bug');
});

test('the signal ends the wait', async () => {
  const waiting = untilReachable(failing('unreachable', Infinity), { signal: AbortSignal.timeout(50) });
  await expect(waiting).rejects.toMatchObject({ kind: 'aborted' });
});

test('what onWaiting throws ends the wait', async () => {
  const onWaiting = () => {
    throw new Error('enough');
  };
  await expect(untilReachable(failing('unreachable', Infinity), { onWaiting })).rejects.toThrow('enough');
});

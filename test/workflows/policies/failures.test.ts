import { expect, it } from 'vitest';
import { backoffSeconds, budget } from '../../../workflows/policies/failures.js';

it('the wait before the next try is none the first time, then a second that doubles up to a minute', () => {
  expect([1, 2, 3, 4, 5, 8, 9, 100].map(backoffSeconds)).toEqual([0, 1, 2, 4, 8, 60, 60, 60]);
});

it('hosts may be lost many times, an engine that dies again and again is given up soon', () => {
  expect(budget['session-lost']).toBeGreaterThan(10 * budget['engine-failed']);
  expect(budget['disk-full']).toBe(Infinity);
});

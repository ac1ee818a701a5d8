/** `npm run faults -- --only exploration` goes further: three steps, three sessions. */
import { expect, test } from 'vitest';
import { Explorer } from './explore.js';

test('two sessions on one run keep the rules in every order of their requests', { timeout: 300_000 }, async () => {
  const explored = await new Explorer({ steps: 1, sessions: 2, lostAnswers: 1, deaths: 0 }).explore();
  expect(explored.problems).toEqual([]);
  expect(explored.states).toBeGreaterThan(1_000);
  expect(explored.ends).toBeGreaterThan(1);
});

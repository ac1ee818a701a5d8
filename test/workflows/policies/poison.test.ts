import { expect, test } from 'vitest';
import { lastTry, meetsSuspect, suspected, upToSuspect } from '../../../workflows/policies/poison.js';

const death = (step: number, host = 'a') => ({ step, host, how: 'it was ended by SIGSEGV' });
const at = (step: number) => ({ step, epoch: 0, cursor: step });
const until = { step: 100, minutes: null };

test('deaths at one step are counted, those at another begin anew', () => {
  const once = suspected(null, death(7));
  const twice = suspected(once, death(7, 'b'));
  expect(twice).toEqual({ step: 7, deaths: [death(7), death(7, 'b')] });
  expect(suspected(twice, death(8))).toEqual({ step: 8, deaths: [death(8)] });
  expect([lastTry(null), lastTry(once), lastTry(twice)]).toEqual([null, null, twice]);
});

test('before a last try training stops right before the step, and nowhere else', () => {
  const once = suspected(null, death(7));
  const twice = suspected(once, death(7));
  expect(upToSuspect(once, at(3), until)).toEqual(until);
  expect(upToSuspect(twice, at(3), until)).toEqual({ step: 6, minutes: null });
  expect(upToSuspect(twice, at(6), until)).toEqual(until);
  expect(upToSuspect(twice, at(9), until)).toEqual(until);
  expect(upToSuspect(twice, at(3), { step: 5, minutes: 2 })).toEqual({ step: 5, minutes: 2 });
  expect([at(5), at(6), at(7)].map((from) => meetsSuspect(twice, from))).toEqual([false, true, false]);
  expect(meetsSuspect(once, at(6))).toBe(false);
});

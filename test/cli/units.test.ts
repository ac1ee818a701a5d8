import { expect, test } from 'vitest';
import { count, counted, duration, loss, percent, size } from '../../cli/render/units.js';

test('durations are told in the two units that matter', () => {
  expect([400, 59_000, 65_000, 3_600_000, 93_784_000].map(duration)).toEqual([
    ...['0 s', '59 s', '1 min 05 s', '1 h 00 min', '1 d 2 h'],
  ]);
});

test('a duration never runs backwards', () => {
  expect(duration(-5_000)).toBe('0 s');
});

test('sizes are in powers of two', () => {
  expect([0, 1023, 1024, 9.4 * 1024, 64 * 2 ** 20, 3 * 2 ** 30].map(size)).toEqual([
    ...['0 B', '1023 B', '1.0 KiB', '9.4 KiB', '64 MiB', '3.0 GiB'],
  ]);
});

test('a loss has as many decimals as its size leaves room for: it may be an error in grams', () => {
  expect([0.61021, 9.99994, 61.166, 315.123, 4203.9].map(loss)).toEqual([
    '0.6102',
    '9.9999',
    '61.17',
    '315.1',
    '4,204',
  ]);
});

test('a metric that was NaN, and became null on its way through JSON, is a dash', () => {
  expect([0.61021, 9.99994, 61.166, 315.123, 4203.9].map(loss)).toEqual([
    '0.6102',
    '9.9999',
    '61.17',
    '315.1',
    '4,204',
  ]);
  expect([loss(null), loss(NaN), percent(undefined), count(null)]).toEqual(['–', '–', '–', '–']);
});

test('one thing is singular', () => {
  expect([counted(1, 'step'), counted(1234, 'step')]).toEqual(['1 step', '1,234 steps']);
});

import { expect, test } from 'vitest';
import { cosPi, power, wholePower } from '../../data/exact-math.js';

const shares = Array.from({ length: 1001 }, (_, i) => i / 1000);

test('cosPi is the cosine to 1e-15, and exact at 0, 1/2 and 1', () => {
  for (const x of shares) expect(Math.abs(cosPi(x) - Math.cos(Math.PI * x)), `${x}`).toBeLessThan(1e-15);
  expect([cosPi(0), cosPi(0.5), cosPi(1)]).toEqual([1, 0, -1]);
});

test.each([-0.8, 0.3, 0.5, 1, 2, 2.5, 7])('power is base^%f to 1e-13 of it', (exponent) => {
  for (const base of [...shares.slice(1), 1.5, 2, 3, 10, 1e3, 123456, 1e7]) {
    expect(Math.abs(power(base, exponent) / Math.pow(base, exponent) - 1), `${base}`).toBeLessThan(1e-13);
  }
  if (exponent > 0) expect(power(0, exponent)).toBe(0);
});

test('wholePower multiplies so many times', () => {
  expect([wholePower(0.5, 0), wholePower(0.5, 1), wholePower(0.5, 3), wholePower(0.9, 2)]).toEqual([
    1,
    0.5,
    0.125,
    0.9 * 0.9,
  ]);
});

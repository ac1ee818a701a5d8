import { describe, expect, test } from 'vitest';
import { randomBox } from '../../../data/augment/random-resized-crop.js';
import { Draws, sites } from '../../../data/augment/draws.js';
import { bitsOf } from '../../../training/examples/row-draws.js';

const COUNT = 20_000;
const at = { seed: 7, epoch: 0, step: 3 };
const drawsOf = (step: number, example = 0, row = 0, site: number = sites.crop) =>
  new Draws(bitsOf({ ...at, step }, example, row), site);

const many = (draw: (draws: Draws) => number): number[] => {
  const draws = drawsOf(1);
  return Array.from({ length: COUNT }, () => draw(draws));
};
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const variance = (values: readonly number[]): number => {
  const middle = mean(values);
  return mean(values.map((value) => (value - middle) ** 2));
};

/** Largest distance of the empirical distribution from this one (Kolmogorov and Smirnov); 1.63 / sqrt(n) is passed once in a hundred. */
function distance(values: readonly number[], below: (x: number) => number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.max(...sorted.map((x, i) => Math.abs((i + 0.5) / sorted.length - below(x))));
}
const BOUND = 1.95 / Math.sqrt(COUNT);

describe('draws', () => {
  test('are the same for the same step, example, row and site, and others for any other', () => {
    const first = (draws: Draws) => Array.from({ length: 4 }, () => draws.uniform());
    const reference = first(drawsOf(3));
    expect(first(drawsOf(3))).toEqual(reference);
    for (const other of [drawsOf(4), drawsOf(3, 1), drawsOf(3, 0, 1), drawsOf(3, 0, 0, sites.noise)]) {
      const found = first(other);
      expect(found.every((value, i) => value !== reference[i])).toBe(true);
    }
  });

  test('of neighbouring steps, rows and sites are evenly spread', () => {
    for (const next of [
      (i: number) => drawsOf(i),
      (i: number) => drawsOf(3, i),
      (i: number) => drawsOf(3, 0, i),
      (i: number) => drawsOf(3, 0, 0, i),
    ]) {
      const values = Array.from({ length: COUNT }, (_, i) => next(i).uniform());
      expect(distance(values, (x) => x)).toBeLessThan(BOUND);
      const products = values.slice(1).map((value, i) => (value - 0.5) * (values[i]! - 0.5));
      expect(Math.abs(mean(products)) * 12).toBeLessThan(4 / Math.sqrt(COUNT));
    }
  });

  test('are normal, whole numbers, and true as often as they should', () => {
    const normal = many((draws) => draws.normal());
    expect(Math.abs(mean(normal))).toBeLessThan(0.03);
    expect(Math.abs(variance(normal) - 1)).toBeLessThan(0.04);
    expect(Math.abs(normal.filter((value) => Math.abs(value) < 1).length / COUNT - 0.6827)).toBeLessThan(0.015);
    const whole = many((draws) => draws.below(5));
    for (let i = 0; i < 5; i++) {
      expect(Math.abs(whole.filter((value) => value === i).length / COUNT - 0.2)).toBeLessThan(0.012);
    }
    expect(Math.abs(mean(many((draws) => Number(draws.chance(0.3)))) - 0.3)).toBeLessThan(0.014);
    const logs = many((draws) => Math.log(draws.logBetween(0.5, 8)) / Math.log(16));
    expect(distance(logs, (x) => x + 0.25)).toBeLessThan(BOUND);
  });

  test.each([0.1, 0.2, 0.4, 1, 2, 5])('of Beta(%f, %f) have its mean and variance', (alpha) => {
    const values = many((draws) => draws.beta(alpha));
    expect(values.every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(Math.abs(mean(values) - 0.5)).toBeLessThan(0.014);
    expect(Math.abs(variance(values) / (1 / (4 * (2 * alpha + 1))) - 1)).toBeLessThan(0.05);
  });

  test('of Beta(2, 2) are distributed as it says', () => {
    expect(
      distance(
        many((draws) => draws.beta(2)),
        (x) => 3 * x * x - 2 * x ** 3,
      ),
    ).toBeLessThan(BOUND);
  });

  test('of very small parameters stay numbers', () => {
    expect(many((draws) => draws.beta(1e-3)).every((value) => value >= 0 && value <= 1)).toBe(true);
  });
});

test('boxes of a resized crop have the areas and shapes that were asked for, anywhere in the image', () => {
  const image = { data: new Uint8Array(0), width: 256, height: 256 };
  const given = { scale: [0.2, 0.6], ratio: [0.75, 4 / 3] } as const;
  const boxes = Array.from({ length: 4000 }, (_, i) => randomBox(image, given, drawsOf(i)));
  for (const { left, top, width, height } of boxes) {
    expect(left >= 0 && top >= 0 && left + width <= 256 && top + height <= 256).toBe(true);
    expect((width * height) / 65_536).toBeGreaterThan(0.195);
    expect((width * height) / 65_536).toBeLessThan(0.605);
    expect(width / height).toBeGreaterThan(0.73);
    expect(width / height).toBeLessThan(1.36);
  }
  expect(Math.abs(mean(boxes.map(({ width, height }) => (width * height) / 65_536)) - 0.4)).toBeLessThan(0.01);
  expect(Math.abs(mean(boxes.map(({ left, width }) => left - (256 - width) / 2)))).toBeLessThan(3);
  expect(Math.min(...boxes.map(({ top }) => top))).toBe(0);
});

test('where no box of the shape fits, the largest in the middle is taken', () => {
  const wide = { data: new Uint8Array(0), width: 100, height: 10 };
  const box = randomBox(wide, { scale: [1, 1], ratio: [0.75, 4 / 3] }, drawsOf(1));
  expect(box).toEqual({ left: 43, top: 0, width: 13, height: 10 });
});

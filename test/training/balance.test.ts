import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { classWeightsOf, weighedByClass } from '../../training/class-weights.js';
import { balancedDraw } from '../../training/examples/balanced-draw.js';
import { epochOrder } from '../../training/examples/order.js';
import { jobOf } from '../data/job-of.js';

/** Made by test/references/cleaning.py. */
const { weights } = JSON.parse(readFileSync(new URL('../fixtures/cleaning.json', import.meta.url), 'utf8')) as {
  readonly weights: Readonly<Record<string, number>>;
};
const rowsPerClass = [92, 38, 14, 6];

describe('class weights', () => {
  test('are those of scikit-learn', () => {
    const found = classWeightsOf(jobOf({ balance: 'class-weights' }).data, Object.keys(weights), rowsPerClass)!;
    Object.values(weights).forEach((weight, label) => expect(found[label]! / weight).toBeCloseTo(1, 6));
  });

  test('are those that are given, and 1 for the others', () => {
    const data = jobOf({ balance: { weights: { b: 2.5 } } }).data;
    expect(classWeightsOf(data, ['a', 'b'], [1, 1])).toEqual(Float32Array.of(1, 2.5));
    expect(classWeightsOf(jobOf({}).data, ['a', 'b'], [1, 1])).toBeNull();
    expect(classWeightsOf(jobOf({ balance: 'sampling' }).data, ['a', 'b'], [1, 1])).toBeNull();
  });

  test('multiply what rows weigh; those that fill up a batch still weigh nothing', () => {
    const feeds = { labels: Int32Array.of(1, 0, 1, 0), weights: Float32Array.of(1, 1, 1, 0) };
    expect(weighedByClass(feeds, Float32Array.of(0.5, 3))).toEqual(Float32Array.of(3, 0.5, 3, 0));
    expect(feeds.weights).toEqual(Float32Array.of(1, 1, 1, 0));
  });

  test('of rows that were mixed are mixed', () => {
    const feeds = { labels: Float32Array.of(0.25, 0.75, 0, 1), weights: Float32Array.of(1, 1) };
    expect(weighedByClass(feeds, Float32Array.of(2, 4))).toEqual(Float32Array.of(3.5, 4));
  });
});

describe('balanced sampling', () => {
  const classes = fc.array(fc.nat(4), { minLength: 1, maxLength: 200 }).map((of) => Int32Array.from(of));

  test('draws every class equally often, and the rows of a class, to one', () => {
    fc.assert(
      fc.property(classes, fc.nat(), fc.nat(50), (of, seed, epoch) => {
        const drawn = balancedDraw(of, seed, epoch);
        expect(drawn).toHaveLength(of.length);
        const perRow = new Array<number>(of.length).fill(0);
        for (const row of drawn) perRow[row]!++;
        const present = [...new Set(of)];
        const perClass = present.map((label) => drawn.filter((row) => of[row] === label).length);
        expect(Math.max(...perClass) - Math.min(...perClass)).toBeLessThanOrEqual(1);
        for (const label of present) {
          const times = perRow.filter((_, row) => of[row] === label);
          expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test('is a function of seed and epoch', () => {
    const of = Int32Array.from({ length: 90 }, (_, i) => Number(i % 9 === 0));
    expect(balancedDraw(of, 7, 3)).toEqual(balancedDraw(of, 7, 3));
    expect(balancedDraw(of, 7, 3)).not.toEqual(balancedDraw(of, 7, 4));
    expect(balancedDraw(of, 8, 3)).not.toEqual(balancedDraw(of, 7, 3));
  });

  test('leaves an epoch as long as it was', () => {
    const of = Int32Array.from({ length: 90 }, (_, i) => Number(i % 9 === 0));
    const examples = { count: 90, lengthOf: () => 1, classes: of };
    const batches = epochOrder(examples, 8, 7, 0, true);
    expect(batches.map(({ length }) => length).sort()).toEqual(
      epochOrder(examples, 8, 7, 0)
        .map(({ length }) => length)
        .sort(),
    );
    expect(batches.flatMap((batch) => [...batch]).filter((row) => of[row] === 1)).toHaveLength(45);
  });
});

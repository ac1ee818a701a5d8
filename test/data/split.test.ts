import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contentOrder } from '../../data/content-key.js';
import { fractionSplitter, splitOfCell, splits } from '../../data/split.js';

interface Given {
  readonly text: string;
  readonly label: number;
}
const fractions = { validation: 0.1, test: 0.1, stratify: true };

function partsOf(rows: readonly Given[], options = fractions, seed = 7): string[] {
  const sizes = Array.from({ length: 1 + Math.max(0, ...rows.map(({ label }) => label)) }, () => 0);
  for (const { label } of rows) sizes[label]!++;
  const splitter = fractionSplitter(sizes, options);
  for (const { text, label } of rows) splitter.add(label, contentOrder(seed, text));
  const splitOf = splitter.finish();
  const parts = rows.map(({ text, label }) => splitOf(label, contentOrder(seed, text)));
  return parts.map((part) => splits[part]!);
}

const countOf = (parts: readonly string[], split: string): number => parts.filter((part) => part === split).length;
const distinctRows = fc.uniqueArray(fc.record({ text: fc.string(), label: fc.nat(4) }), {
  selector: ({ text }) => text,
});
const options = fc.record({
  validation: fc.double({ min: 0.01, max: 0.45, noNaN: true }),
  test: fc.double({ min: 0.01, max: 0.45, noNaN: true }),
  stratify: fc.boolean(),
});

describe('a split by fractions', () => {
  test('of 600 rows of 3 classes is exact in every class', () => {
    const rows = Array.from({ length: 600 }, (_, i) => ({ text: `row ${i}`, label: i % 3 }));
    const parts = partsOf(rows);
    for (const label of [0, 1, 2]) {
      const ofClass = parts.filter((_, i) => rows[i]!.label === label);
      expect(splits.map((split) => countOf(ofClass, split))).toEqual([160, 20, 20]);
    }
  });

  test('keeps the totals of many small classes', () => {
    const rows = Array.from({ length: 400 }, (_, i) => ({ text: `row ${i}`, label: i % 100 }));
    const parts = partsOf(rows);
    expect(splits.map((split) => countOf(parts, split))).toEqual([320, 40, 40]);
  });

  test('does not depend on the order of the rows', () => {
    fc.assert(
      fc.property(distinctRows, options, fc.nat(), (rows, chosen, turn) => {
        const turned = rows.map((_, i) => rows[(i + turn) % rows.length]!);
        const before = new Map(partsOf(rows, chosen).map((part, i) => [rows[i]!.text, part]));
        partsOf(turned, chosen).forEach((part, i) => expect(part).toBe(before.get(turned[i]!.text)));
      }),
    );
  });

  test('leaves every class a row to train on, when stratified', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ text: fc.constantFrom('a', 'b', 'c', 'd'), label: fc.nat(3) })),
        options,
        (rows, chosen) => {
          const parts = partsOf(rows, { ...chosen, stratify: true });
          for (const { label } of rows) {
            expect(parts.some((part, i) => part === 'train' && rows[i]!.label === label)).toBe(true);
          }
        },
      ),
    );
  });

  test('holds out the shares of all rows to one row a class', () => {
    fc.assert(
      fc.property(distinctRows, options, (rows, chosen) => {
        const parts = partsOf(rows, chosen);
        const classes = chosen.stratify ? new Set(rows.map(({ label }) => label)).size : 1;
        for (const split of ['validation', 'test'] as const) {
          expect(Math.abs(countOf(parts, split) - chosen[split] * rows.length)).toBeLessThanOrEqual(classes + 1);
        }
      }),
    );
  });

  test('puts the same text into one part, also where a part would end between twins', () => {
    for (const copies of [2, 3, 5, 7]) {
      const rows = Array.from({ length: 23 * copies }, (_, i) => ({ text: `row ${i % 23}`, label: 0 }));
      const parts = partsOf(rows);
      for (let i = 23; i < rows.length; i++) expect(parts[i]).toBe(parts[i % 23]);
    }
  });

  test('is another one for another seed', () => {
    const rows = Array.from({ length: 100 }, (_, i) => ({ text: `row ${i}`, label: 0 }));
    expect(partsOf(rows, fractions, 1)).not.toEqual(partsOf(rows, fractions, 2));
  });
});

describe('a split by column', () => {
  test('takes train, validation and test', () => {
    expect(splits.map((cell) => splitOfCell(cell, 'split', 'a.csv:2'))).toEqual(['train', 'validation', 'test']);
  });

  test.each([
    [
      'dev',
      'a.csv:17: expected `train`, `validation` or `test` in column `split`, found "dev"; did you mean `validation`?',
    ],
    ['Train', 'found "Train"; did you mean `train`?'],
    ['', 'found an empty cell'],
    ['holdout', 'found "holdout"'],
  ])('refuses "%s" with the row', (cell, message) => {
    expect(() => splitOfCell(cell, 'split', 'a.csv:17')).toThrow(message);
  });
});

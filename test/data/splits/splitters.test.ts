import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contentOrder } from '../../../data/content-key.js';
import { foldSplitter } from '../../../data/splits/fold-splitter.js';
import { groupSplitter } from '../../../data/splits/group-splitter.js';
import { timeReader } from '../../../data/splits/time.js';

/** Made by test/references/cleaning.py. */
const reference = JSON.parse(readFileSync(new URL('../../fixtures/cleaning.json', import.meta.url), 'utf8')) as {
  readonly folds: number[][];
};
const visits = readFileSync(new URL('../../fixtures/visits.csv', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split(','))
  .map(([id, , , patient, label]) => ({ id: id!, group: patient!, stratum: label!.charCodeAt(0) - 97 }));

interface Given {
  readonly id: string;
  readonly group: string;
  readonly stratum: number;
}
interface Splitter {
  add(stratum: number, order: number): void;
  finish(): (stratum: number, order: number) => number;
}
const sizesOf = (rows: readonly Given[]) =>
  [0, 1, 2, 3].map((of) => rows.filter(({ stratum }) => stratum === of).length);

function partsOf(rows: readonly Given[], splitter: Splitter, key: (row: Given) => string): number[] {
  for (const row of rows) splitter.add(row.stratum, contentOrder(7, key(row)));
  const partOf = splitter.finish();
  return rows.map((row) => partOf(row.stratum, contentOrder(7, key(row))));
}
const folded = (fold: number, rows: readonly Given[] = visits) =>
  partsOf(rows, foldSplitter(sizesOf(rows), { folds: 5, fold, stratify: true }), ({ id }) => id);

describe('k folds', () => {
  test('hold as many rows of each class as those of scikit-learn', () => {
    const counts = [0, 1, 2, 3, 4].map((fold) => sizesOf(visits.filter((_, row) => folded(fold)[row] === 2)));
    expect(counts).toEqual(reference.folds);
  });

  test('test every row once, and steer by it once', () => {
    const all = [0, 1, 2, 3, 4].map((fold) => folded(fold));
    visits.forEach((_, row) => expect(all.map((parts) => parts[row]).sort()).toEqual([0, 0, 0, 1, 2]));
  });
});

describe('a split by group', () => {
  const rowsOf = fc.array(
    fc.record({ id: fc.string(), group: fc.integer({ min: 0, max: 30 }).map(String), stratum: fc.nat(3) }),
    { minLength: 1 },
  );
  const shares = [0.7, 0.2, 0.1];
  const split = (rows: readonly Given[], stratify = true) =>
    partsOf(rows, groupSplitter(sizesOf(rows), shares, stratify), ({ group }) => group);

  test('leaves no group in two parts, and no part empty', () => {
    fc.assert(
      fc.property(rowsOf, fc.boolean(), (rows, stratify) => {
        const parts = split(rows, stratify);
        const partOf = new Map<string, number>();
        rows.forEach(({ group }, row) => {
          expect(partOf.get(group) ?? parts[row]).toBe(parts[row]);
          partOf.set(group, parts[row]!);
        });
        expect(new Set(parts).size).toBe(Math.min(3, partOf.size));
      }),
    );
  });

  test('does not depend on the order of the rows', () => {
    fc.assert(
      fc.property(rowsOf, fc.nat(), (rows, turn) => {
        const turned = rows.map((_, i) => rows[(i + turn) % rows.length]!);
        const before = new Map(split(rows).map((part, i) => [rows[i]!.group, part]));
        split(turned).forEach((part, i) => expect(part).toBe(before.get(turned[i]!.group)));
      }),
    );
  });

  test('comes near to the shares of the rows and of every class', () => {
    const rows = Array.from({ length: 4000 }, (_, i) => ({
      id: `${i}`,
      group: `${Math.floor(i / 8)}`,
      stratum: Math.floor(i / 8) % 4 === 0 ? i % 4 : 0,
    }));
    const parts = split(rows);
    shares.forEach((share, part) => {
      const held = rows.filter((_, row) => parts[row] === part);
      expect(Math.abs(held.length / 4000 - share)).toBeLessThan(0.01);
      sizesOf(held).forEach((size, stratum) =>
        expect(Math.abs(size / sizesOf(rows)[stratum]! - share)).toBeLessThan(0.03),
      );
    });
  });
});

describe('a time', () => {
  test.each([
    ['2026-01-31', Date.UTC(2026, 0, 31)],
    ['2026-01-31T12:30', Date.UTC(2026, 0, 31, 12, 30)],
    ['2026-01-31 12:30:15.5', Date.UTC(2026, 0, 31, 12, 30, 15, 500)],
    ['2026-01-31T12:30:00+02:00', Date.UTC(2026, 0, 31, 10, 30)],
    ['2026-01-31T12:30:00-0530', Date.UTC(2026, 0, 31, 18)],
    ['1998', 1998],
    [' 1.5e9 ', 1.5e9],
  ])('may be written %s', (cell, time) => {
    expect(timeReader('day')(cell, 'a.csv:2')).toBe(time);
  });

  test.each(['31.1.2026', '2026-13-01', '', 'soon', '2026-01'])('may not be written "%s"', (cell) => {
    expect(() => timeReader('day')(cell, 'a.csv:2')).toThrow(
      'a.csv:2: expected a time in column `day` (data.split.key)',
    );
  });

  test('is written in one way in all rows', () => {
    const read = timeReader('day');
    read('2026', 'a.csv:2');
    expect(() => read('2026-01-31', 'a.csv:3')).toThrow(
      'a.csv:3: expected a number in column `day` (data.split.key) as in a.csv:2, found "2026-01-31": write all times in one way',
    );
  });
});

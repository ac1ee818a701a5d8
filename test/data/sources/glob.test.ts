import { expect, test } from 'vitest';
import { globMatcher, isGlob, splitGlob } from '../../../data/sources/glob.js';

test.each([
  ['*.csv', 'a.csv', true],
  ['*.csv', 'b/a.csv', false],
  ['**/*.csv', 'a.csv', true],
  ['**/*.csv', 'x/y/a.csv', true],
  ['part-??.csv', 'part-01.csv', true],
  ['part-??.csv', 'part-1.csv', false],
  ['part-[0-3].csv', 'part-2.csv', true],
  ['part-[!0-3].csv', 'part-2.csv', false],
  ['{train,dev}.{csv,tsv}', 'dev.tsv', true],
  ['{train,dev}.{csv,tsv}', 'test.tsv', false],
  ['a+b(1).csv', 'a+b(1).csv', true],
  ['a.csv', 'abcsv', false],
])('%s and %s: %s', (pattern, path, matches) => {
  expect(globMatcher(pattern)(path)).toBe(matches);
});

test('a pattern that is not closed is refused', () => {
  expect(() => globMatcher('a[b.csv')).toThrow('a [ is never closed');
  expect(() => globMatcher('{a,b.csv')).toThrow('a { is never closed');
  expect(() => globMatcher('[z-a].csv')).toThrow('a range between [ and ] is none');
});

test('the folder before a pattern is told', () => {
  expect(isGlob('/data/a.csv')).toBe(false);
  expect(splitGlob('/data/2024/*/part-*.csv')).toEqual({ folder: '/data/2024', rest: '*/part-*.csv' });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergedNames, spellingGroups } from '../../../data/cleaning/label-spelling.js';
import { mergeLabels } from '../../../data/prepare/merge-labels.js';

const counts = (names: Record<string, number>) => new Map(Object.entries(names));

describe('classes that look like one', () => {
  test('differ in case, blanks and punctuation, and are called by the most frequent', () => {
    expect(spellingGroups(counts({ Food: 3, food: 8, ' food.': 1, 'noun food': 2, noun_food: 1, animal: 9 }))).toEqual([
      { name: 'food', variants: ['Food', ' food.'], by: 'spelling' },
      { name: 'noun food', variants: ['noun_food'], by: 'spelling' },
    ]);
  });

  test('differ in one letter, where they are long enough', () => {
    expect(spellingGroups(counts({ negative: 5, negatve: 1, posiitve: 1, positive: 4, cat: 3, car: 3 }))).toEqual([
      { name: 'negative', variants: ['negatve'], by: 'near' },
      { name: 'positive', variants: ['posiitve'], by: 'near' },
    ]);
  });

  test.each([
    ['C', 'C++', 'C#'],
    ['1', '-1', '1.0', '10'],
    ['class 1', 'class 2'],
    ['+', '-'],
    ['version10', 'version11'],
  ])('are none of %s, %s', (...names) => {
    expect(spellingGroups(new Map(names.map((name) => [name, 1])))).toEqual([]);
  });

  test('are the same in whatever order they come', () => {
    const names = ['Aa bb', 'aabb', 'AABB!', 'longname', 'longnam', 'longnames', 'x'];
    fc.assert(
      fc.property(fc.shuffledSubarray(names, { minLength: names.length }), (order) => {
        const of = (names: readonly string[]) => spellingGroups(new Map(names.map((name) => [name, name.length])));
        expect(of(order)).toEqual(of(names));
      }),
    );
  });
});

describe('classes are merged', () => {
  const names = counts({ Food: 1, food: 2, foods: 1, animals: 3, animal: 2 });

  test('by spelling, or by one letter, only when asked', () => {
    expect(mergedNames(names, 'none').size).toBe(0);
    expect([...mergedNames(names, 'spelling')]).toEqual([['Food', 'food']]);
    expect([...mergedNames(names, 'near')]).toEqual([
      ['animal', 'animals'],
      ['Food', 'food'],
    ]);
  });

  test('first by the map, then by spelling, and their rows are added up', () => {
    const merged = mergeLabels(counts({ cat: 2, Kitten: 1, kitten: 3, CAT: 1 }), {
      merge: 'spelling',
      map: { kitten: 'CAT', unknown: 'x' },
    });
    expect(Object.fromEntries(merged.aliases)).toEqual({ cat: 'CAT', kitten: 'CAT' });
    expect(Object.fromEntries(merged.rowsPerName)).toEqual({ CAT: 6, Kitten: 1 });
  });
});

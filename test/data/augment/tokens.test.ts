import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TokenRow } from '../../../data/augment/token-row.js';
import { augmentedTokens } from '../../../data/augment/tokens.js';
import { bitsOf } from '../../../training/examples/row-draws.js';

const [CLS, SEP, MASK] = [1, 2, 3];
const rules = { special: [CLS, SEP], mask: MASK };
const row = (ids: readonly number[], types: readonly number[] | null = null): TokenRow => ({
  ids: Int32Array.from(ids),
  types: types && Int32Array.from(types),
});
const seen = (given: TokenRow, settings: object, step = 1) =>
  augmentedTokens(given, settings, rules, bitsOf({ seed: 7, epoch: 0, step }, 0, 0));
const framed = (count: number): number[] => [CLS, ...Array.from({ length: count }, (_, i) => 10 + i), SEP];

const rows = fc.array(fc.array(fc.integer({ min: 10, max: 99 }), { minLength: 1, maxLength: 9 }), {
  minLength: 1,
  maxLength: 2,
});
const joined = (parts: readonly number[][]): TokenRow =>
  row(
    [CLS, ...parts.flatMap((part) => [...part, SEP])],
    [0, ...parts.flatMap((part, i) => [...part, SEP].map(() => i))],
  );

describe('tokens', () => {
  test('keep their special ones in order, their types, and at least one other', () => {
    fc.assert(
      fc.property(rows, fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (parts, step, p) => {
        const given = joined(parts);
        const { ids, types } = seen(given, { tokenDropout: { p }, tokenSwap: { p }, masking: { p: 0 } }, step);
        const special = (all: Int32Array) => [...all].filter((id) => rules.special.includes(id));
        expect(special(ids)).toEqual(special(given.ids));
        expect(ids.length).toBeLessThanOrEqual(given.ids.length);
        expect(ids.length).toBeGreaterThan(special(given.ids).length);
        expect(types).toHaveLength(ids.length);
        // Every token is in the text that it came from.
        ids.forEach((id, i) => {
          if (!rules.special.includes(id)) expect(parts[types![i]!]).toContain(id);
        });
      }),
    );
  });

  test('are all left out but one, swapped throughout, or all masked, at 1', () => {
    expect(seen(row(framed(6)), { tokenDropout: { p: 1 } }).ids).toHaveLength(3);
    expect([...seen(row(framed(5)), { tokenSwap: { p: 1 } }).ids]).toEqual([CLS, 11, 10, 13, 12, 14, SEP]);
    expect([...seen(row(framed(3)), { masking: { p: 1 } }).ids]).toEqual([CLS, MASK, MASK, MASK, SEP]);
  });

  test('are never swapped over a separator or the border of two texts', () => {
    const pair = row([CLS, 10, SEP, 20, SEP], [0, 0, 0, 1, 1]);
    expect(seen(pair, { tokenSwap: { p: 1 } })).toEqual(pair);
    const bare = row([10, 20], [0, 1]);
    expect(seen(bare, { tokenSwap: { p: 1 } })).toEqual(bare);
  });

  test('are changed as often as the job says', () => {
    const given = row(framed(100));
    const count = (settings: object, changed: (ids: Int32Array) => number) => {
      let sum = 0;
      for (let step = 0; step < 200; step++) sum += changed(seen(given, settings, step).ids);
      return sum / 20_000;
    };
    expect(Math.abs(count({ tokenDropout: { p: 0.1 } }, (ids) => 102 - ids.length) - 0.1)).toBeLessThan(0.008);
    expect(
      Math.abs(count({ masking: { p: 0.15 } }, (ids) => ids.filter((id) => id === MASK).length) - 0.15),
    ).toBeLessThan(0.01);
    // A swap that is made passes over the next place: p / (1 + p) of the places begin one.
    const swaps = count({ tokenSwap: { p: 0.1 } }, (ids) => ids.filter((id, i) => i > 0 && id > ids[i + 1]!).length);
    expect(Math.abs(swaps - 0.1 / 1.1)).toBeLessThan(0.01);
  });
});

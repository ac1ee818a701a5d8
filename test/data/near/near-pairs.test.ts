import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nearPairs, type Sketch } from '../../../data/near/near-pairs.js';
import { spill } from '../../../data/near/spill.js';
import { bandPlan, similarityOf, textSketcher } from '../../../data/near/text-sketch.js';

const sketch = textSketcher(bandPlan(0.85));

function pairsOf(sketches: readonly (Sketch | null)[], inMemory?: number) {
  const found = nearPairs({ threshold: 0.85, similarity: similarityOf, ...(inMemory && { inMemory }) });
  for (const each of sketches) found.add(each);
  const [once, twice] = [[...found.pairs()], [...found.pairs()]];
  found.close();
  expect(twice).toEqual(once);
  return once;
}

const texts = Array.from({ length: 3000 }, (_, i) => {
  const of = i % 7 === 3 ? i - 2 : i; // some are nearly one before them
  return `this is the text of row number ${of} times ${of * 7919} and nothing but it${of === i ? '' : '!!'}${i % 14 === 3 ? 's' : ''}`;
});
const sketches = texts.map((text, i) => (i % 50 === 0 ? null : sketch(text)));

describe('pairs of rows that are nearly the same', () => {
  const pairs = pairsOf(sketches);

  test('are those that comparing all with all finds', () => {
    const few = sketches.slice(0, 400);
    const expected = few.flatMap((b, row) =>
      few.slice(0, row).flatMap((a, earlier) => {
        const similarity = a && b ? similarityOf(a.pieces, b.pieces) : 0;
        return similarity >= 0.85 ? [{ row, earlier, similarity }] : [];
      }),
    );
    expect(expected.length).toBeGreaterThan(30);
    expect(pairsOf(few)).toEqual(expected);
  });

  test('are the same when what was found does not fit into memory', () => {
    expect(pairs.length).toBeGreaterThan(300);
    expect(pairsOf(sketches, 20_000)).toEqual(pairs);
  });

  test('of two thousand equal rows are few for a row, and the first is one of each', () => {
    const equal = new Array<Sketch | null>(2_000).fill(sketch('the same words in every row of the table'));
    const found = pairsOf(equal);
    expect(found.length).toBeLessThan(2_000 * 33);
    expect(new Set(found.filter(({ earlier }) => earlier === 0).map(({ row }) => row)).size).toBe(1_999);
  });
});

test('numbers come back sorted, whatever went to disk', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), fc.bigInt(0n, 2n ** 64n - 1n)), { maxLength: 300 }), (given) => {
      const numbers = spill(4, 1);
      const copies = Array.from({ length: 120 }, () => given).flat(); // full blocks of a partition
      for (const [partition, value] of copies) numbers.push(partition, value);
      for (let partition = 0; partition < 4; partition++) {
        const expected = copies.filter(([of]) => of === partition).map(([, value]) => value);
        expect([...numbers.sorted(partition)]).toEqual(expected.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
      }
      numbers.close();
    }),
    { numRuns: 20 },
  );
});

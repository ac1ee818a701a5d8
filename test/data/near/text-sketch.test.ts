import { describe, expect, test } from 'vitest';
import { bandPlan, foundShare, KEPT_PIECES, similarityOf, textSketcher } from '../../../data/near/text-sketch.js';
import { draw } from '../../../training/counter-random.js';

const plan = bandPlan(0.85);
const sketch = (text: string) => textSketcher(plan)(text)!;

const words = Array.from({ length: 4000 }, (_, i) => draw(3, 1, i).toString(36));
/** `count` words; one in `every` is another one for each `variant`. */
const textOf = (id: number, count: number, every = 0, variant = 0): string =>
  Array.from({ length: count }, (_, i) => {
    const changes = every > 0 && draw(id, 5, i) % every === 0;
    return words[draw(id + (changes ? 1000 * variant : 0), 2, i) % words.length];
  }).join(' ');

/** Jaccard of the sets of five letters. */
function exact(a: string, b: string): number {
  const pieces = (text: string) =>
    new Set(Array.from({ length: Math.max(1, text.length - 4) }, (_, i) => text.slice(i, i + 5)));
  const [left, right] = [pieces(a), pieces(b)];
  const both = [...left].filter((piece) => right.has(piece)).length;
  return both / (left.size + right.size - both);
}

describe('the similarity of two texts', () => {
  test('is the share of five-letter pieces that they have in common', () => {
    for (let id = 0; id < 50; id++) {
      const [a, b] = [textOf(id, 12), textOf(id, 12, 3, 1)];
      expect(similarityOf(sketch(a).pieces, sketch(b).pieces)).toBeCloseTo(exact(a, b), 12);
    }
  });

  test('of long ones is off by a few hundredths', () => {
    const off = Array.from({ length: 50 }, (_, id) => {
      const [a, b] = [textOf(id, 400), textOf(id, 400, 12, 1)];
      expect(sketch(a).pieces).toHaveLength(KEPT_PIECES);
      return similarityOf(sketch(a).pieces, sketch(b).pieces) - exact(a, b);
    });
    const deviation = Math.sqrt(off.reduce((sum, each) => sum + each ** 2, 0) / off.length);
    expect(deviation).toBeLessThan(0.035);
  });

  test('of a short and a long one is small', () => {
    expect(similarityOf(sketch('one two three').pieces, sketch(`one two three ${textOf(1, 400)}`).pieces)).toBeLessThan(
      0.1,
    );
  });

  test('leaves out case, blanks and punctuation', () => {
    const [a, b] = ['The quick, brown fox!', 'the  quick brown FOX'].map(sketch);
    expect(similarityOf(a!.pieces, b!.pieces)).toBe(1);
    expect(a!.bands).toEqual(b!.bands);
  });

  test('is not told of a text without letters', () => {
    expect(textSketcher(plan)(' … !')).toBeNull();
  });
});

describe('equal bands', () => {
  const share = (every: number, wanted: (similarity: number) => boolean, length: number) => {
    let [found, all] = [0, 0];
    for (let id = 0; all < 200 && id < 4000; id++) {
      const [a, b] = [textOf(id, length), textOf(id, length, every, 1)];
      if (!wanted(exact(a, b))) continue;
      all++;
      const [left, right] = [sketch(a).bands, sketch(b).bands];
      found += Number(left.some((key, band) => key === right[band]));
    }
    expect(all).toBeGreaterThan(50);
    return found / all;
  };

  test('find nearly all texts above the threshold', () => {
    expect(foundShare(0.85, plan)).toBeGreaterThan(0.995);
    expect(share(30, (similarity) => similarity >= 0.85 && similarity < 1, 60)).toBeGreaterThan(0.98);
    expect(share(25, (similarity) => similarity >= 0.85 && similarity < 1, 12)).toBeGreaterThan(0.95);
  });

  test('leave most of unlike texts uncompared', () => {
    expect(share(2, (similarity) => similarity < 0.4, 60)).toBeLessThan(0.1);
  });
});

import { describe, expect, test } from 'vitest';
import { drawMix, mixRows, mixTargets } from '../../../data/augment/mix.js';
import { batchBitsOf } from '../../../training/examples/row-draws.js';

const bitsAt = (step: number) => batchBitsOf({ seed: 7, epoch: 0, step }, Int32Array.of(5));

describe('rows of a batch', () => {
  test('are mixed with the one before, the first with the last', () => {
    const values = Float32Array.of(1, 2, 10, 20, 100, 200, -1, -1);
    mixRows(values, 3, 2, { kind: 'mixup', share: 0.75 });
    expect([...values]).toEqual([25.75, 51.5, 7.75, 15.5, 77.5, 155, -1, -1]);
  });

  test('get a box of the one before', () => {
    const values = Float32Array.from({ length: 3 * 18 }, (_, i) => Math.floor(i / 18) + 1); // (3, 3, 3, 2)
    mixRows(values, 3, 18, { kind: 'cutmix', share: 7 / 9, box: { left: 1, top: 0, right: 2, bottom: 2 } }, 3);
    const image = (own: number, other: number) =>
      [own, other, own, own, other, own, own, own, own].flatMap((value) => [value, value]);
    expect([...values]).toEqual([...image(1, 3), ...image(2, 1), ...image(3, 2)]);
  });

  test('have the share of both classes, and what fills up the batch none', () => {
    const targets = { labels: Int32Array.of(0, 2, 1, 0), weights: Float32Array.of(1, 1, 1, 0) };
    const { labels, weights } = mixTargets(targets, { rows: 3, classes: 3, share: 0.75 });
    expect([...labels!.subarray(0, 9)]).toEqual([0.75, 0.25, 0, 0.25, 0, 0.75, 0, 0.75, 0.25]);
    expect([...weights!]).toEqual([1, 1, 1, 0]);
  });

  test('have the share of both numbers, and of both sets of flags', () => {
    const weights = Float32Array.of(1, 1);
    const numbers = mixTargets({ values: Float32Array.of(2, 6), weights }, { rows: 2, classes: 0, share: 0.5 });
    expect([...numbers['values']!]).toEqual([4, 4]);
    const flags = mixTargets({ labels: Float32Array.of(1, 0, 0, 1), weights }, { rows: 2, classes: 2, share: 0.75 });
    expect([...flags['labels']!]).toEqual([0.75, 0.25, 0.25, 0.75]);
  });

  test('count each label by the weight of its own row', () => {
    const targets = { labels: Int32Array.of(0, 1), weights: Float32Array.of(4, 1) };
    const { labels, weights } = mixTargets(targets, { rows: 2, classes: 2, share: 0.75 });
    // weight · label = share · own weight · own label + the rest
    expect([...weights!]).toEqual([0.75 * 4 + 0.25 * 1, 0.75 * 1 + 0.25 * 4]);
    const parts = Array.from(labels!, (label, i) => label * weights![i >> 1]!);
    expect(parts.map((part) => Number(part.toFixed(6)))).toEqual([3, 0.25, 1, 0.75]);
  });

  test('of one alone stay as they are', () => {
    const values = Float32Array.of(3, 4);
    mixRows(values, 1, 2, { kind: 'mixup', share: 0.5 });
    expect([...values]).toEqual([3, 4]);
  });
});

test('a box has the area that its share says, within the image', () => {
  for (let step = 0; step < 500; step++) {
    const mix = drawMix({ cutmix: { alpha: 1 } }, 17, bitsAt(step))!;
    if (mix.kind !== 'cutmix') throw new Error('expected cutmix');
    const { left, top, right, bottom } = mix.box;
    expect(left >= 0 && top >= 0 && right <= 17 && bottom <= 17 && left <= right && top <= bottom).toBe(true);
    expect(mix.share).toBeCloseTo(1 - ((right - left) * (bottom - top)) / 289, 12);
  }
});

test('half of the batches are cut and half are blended where a job has both', () => {
  const kinds = Array.from(
    { length: 1000 },
    (_, step) => drawMix({ mixup: { alpha: 1 }, cutmix: { alpha: 1 } }, 8, bitsAt(step))!.kind,
  );
  expect(Math.abs(kinds.filter((kind) => kind === 'mixup').length - 500)).toBeLessThan(60);
});

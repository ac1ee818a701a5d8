import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lumaOf } from '../../../data/augment/colour.js';
import { blocks, bytesOfKernels, kernels, put } from '../../../data/kernels/pixel-kernels.js';

/** Pixels of a few lines, of any width: most do not end where a vector does. */
const lines = fc
  .record({ width: fc.integer({ min: 1, max: 23 }), height: fc.integer({ min: 1, max: 5 }) })
  .chain((size) => {
    const length = 3 * size.width * size.height;
    return fc.record({ ...constants(size), data: fc.uint8Array({ minLength: length, maxLength: length }) });
  });
const constants = ({ width, height }: { width: number; height: number }) => ({
  width: fc.constant(width),
  height: fc.constant(height),
});
const factor = fc.float({ min: 0, max: 4, noNaN: true });

/** What a pass makes of bytes, between others that it must leave alone. */
function passed(data: Uint8Array, pass: (at: number) => void): Uint8Array {
  const [before, at, after] = blocks(8, data.length, 8);
  const guard = new Uint8Array(8).fill(170);
  put(guard, before);
  put(guard, after);
  put(data, at);
  pass(at);
  const memory = bytesOfKernels();
  expect([...memory.slice(before, before + 8), ...memory.slice(after, after + 8)]).toEqual([...guard, ...guard]);
  return memory.slice(at, at + data.length);
}

const { fround } = Math;
const cut = (value: number): number => Math.trunc(Math.min(255, Math.max(0, value)));
const blended = (from: number, to: number, by: number): number => cut(fround(from + fround(fround(by) * (to - from))));

test('blending moves every byte from one value to itself and beyond, in single precision', () => {
  fc.assert(
    fc.property(lines, fc.integer({ min: 0, max: 255 }), factor, ({ data }, from, by) => {
      const found = passed(data, (at) => kernels.blend(at, data.length, from, by));
      expect([...found]).toEqual(Array.from(data, (value) => blended(from, value, by)));
    }),
  );
});

test('the sum of lumas is exact, and saturation moves every channel from the luma', () => {
  fc.assert(
    fc.property(lines, factor, ({ data }, by) => {
      const count = data.length / 3;
      const lumas = Array.from({ length: count }, (_, i) => lumaOf(data[3 * i]!, data[3 * i + 1]!, data[3 * i + 2]!));
      passed(data, (at) => {
        expect(kernels.lumaSum(at, count)).toBe(lumas.reduce((sum, luma) => sum + luma, 0));
      });
      const found = passed(data, (at) => kernels.saturate(at, count, by));
      expect([...found]).toEqual(Array.from(data, (value, i) => blended(lumas[Math.floor(i / 3)]!, value, by)));
    }),
  );
});

test('a mirrored image has its lines left for right', () => {
  fc.assert(
    fc.property(lines, ({ data, width, height }) => {
      const found = passed(new Uint8Array(data.length), (at) => {
        const [, , , from] = blocks(8, data.length, 8, data.length);
        put(data, from);
        kernels.mirror(from, at, width, height);
      });
      const place = (i: number): number => {
        const [y, x, channel] = [Math.floor(i / (3 * width)), Math.floor(i / 3) % width, i % 3];
        return 3 * (y * width + width - 1 - x) + channel;
      };
      expect([...found]).toEqual(Array.from(data, (_, i) => data[place(i)]!));
    }),
  );
});

test('normalised pixels are rounded after each operation', () => {
  const [mean, deviation] = [
    [0.485, 0.456, 0.406],
    [0.229, 0.224, 0.225],
  ];
  fc.assert(
    fc.property(lines, ({ data }) => {
      const [from, to, scale] = blocks(data.length, 4 * data.length, 96);
      put(data, from);
      const inTurn = (values: readonly number[]) => Array.from({ length: 12 }, (_, i) => values[i % 3]!);
      put(Float32Array.from([...inTurn(mean!), ...inTurn(deviation!)]), scale);
      kernels.normalise(from, to, data.length, scale);
      const found = new Float32Array(bytesOfKernels().slice(to, to + 4 * data.length).buffer);
      const expected = Array.from(data, (value, i) =>
        fround(fround(fround(value / 255) - fround(mean![i % 3]!)) / fround(deviation![i % 3]!)),
      );
      expect([...found]).toEqual(expected);
    }),
  );
});

test('lines are weighted across and down, and rounded to bytes in between', () => {
  const weights = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 5 }).map((shares) => {
    const total = shares.reduce((sum, share) => sum + share, 0);
    return Int32Array.from(shares, (share) => Math.floor((share / total) * 2 ** 22));
  });
  const rounded = (sum: number): number => (sum + 2 ** 21) >> 22;
  fc.assert(
    fc.property(lines, weights, weights, ({ data, width, height }, columns, rows) => {
      fc.pre(columns.length <= width && rows.length <= height);
      const [toWidth, toHeight] = [width - columns.length + 1, height - rows.length + 1];
      const sumOver = (of: Int32Array, value: (tap: number) => number): number =>
        rounded(of.reduce((sum, weight, tap) => sum + weight * value(tap), 0));
      const narrow = Uint8Array.from({ length: height * toWidth * 3 }, (_, i) => {
        const [y, x, channel] = [Math.floor(i / (3 * toWidth)), Math.floor(i / 3) % toWidth, i % 3];
        return sumOver(columns, (tap) => data[3 * (y * width + x + tap) + channel]!);
      });
      const expected = Uint8Array.from({ length: toHeight * toWidth * 3 }, (_, i) =>
        sumOver(rows, (tap) => narrow[i + tap * 3 * toWidth]!),
      );

      const places = (count: number) => Int32Array.from({ length: count }, (_, i) => i);
      const repeated = (of: Int32Array, count: number) =>
        Int32Array.from({ length: count * of.length }, (_, i) => of[i % of.length]!);
      const [from, between, to, firstX, weightsX, firstY, weightsY] = blocks(
        data.length,
        narrow.length,
        expected.length,
        4 * toWidth,
        4 * toWidth * columns.length,
        4 * toHeight,
        4 * toHeight * rows.length,
      );
      put(data, from);
      put(places(toWidth), firstX);
      put(repeated(columns, toWidth), weightsX);
      put(places(toHeight), firstY);
      put(repeated(rows, toHeight), weightsY);
      kernels.across(from, 3 * width, height, between, toWidth, firstX, weightsX, columns.length);
      kernels.down(between, 3 * toWidth, to, toHeight, firstY, weightsY, rows.length);
      expect([...bytesOfKernels().slice(to, to + expected.length)]).toEqual([...expected]);
    }),
  );
});

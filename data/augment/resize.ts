import type { Box } from './crop.js';
import type { Pixels } from './pixels.js';
import { blankPixels } from './pixels.js';

/** Bits behind the point of the weights: a sum of 255 times weights that add up to one fits 32 bits. */
const PRECISION = 22;
const HALF = 1 << (PRECISION - 1);

/** For each pixel of a scaled line: the first of those it is made of, and `taps` weights of them, 0 at the end. */
interface Weights {
  readonly first: Int32Array;
  readonly taps: number;
  readonly values: Int32Array;
}

/**
 * What is in a box of the image, brought to (size, size) with a triangle filter, bilinear with antialiasing, columns first:
 * the very bytes of Pillow's `image.crop(box).resize((size, size), BILINEAR)` (its Resample.c), which torchvision calls.
 */
export function resizedCrop({ data, width }: Pixels, box: Box, size: number): Pixels {
  const across = cachedWeights(box.width, size);
  const down = cachedWeights(box.height, size);
  const stride = 3 * size;
  const narrow = new Uint8Array(box.height * stride); // (box.height, size, 3)
  for (let y = 0; y < box.height; y++) {
    const start = 3 * ((box.top + y) * width + box.left);
    for (let x = 0, at = y * stride, tap = 0; x < size; x++, at += 3, tap += across.taps) {
      let [red, green, blue] = [HALF, HALF, HALF];
      for (let i = tap, from = start + 3 * across.first[x]!; i < tap + across.taps; i++, from += 3) {
        const weight = across.values[i]!;
        red += weight * data[from]!;
        green += weight * data[from + 1]!;
        blue += weight * data[from + 2]!;
      }
      narrow[at] = red >> PRECISION;
      narrow[at + 1] = green >> PRECISION;
      narrow[at + 2] = blue >> PRECISION;
    }
  }
  const resized = blankPixels(size, size);
  const sums = new Int32Array(stride);
  for (let y = 0; y < size; y++) {
    sums.fill(HALF);
    for (let tap = 0; tap < down.taps; tap++) {
      const weight = down.values[y * down.taps + tap]!;
      if (weight === 0) continue;
      const from = (down.first[y]! + tap) * stride;
      for (let x = 0; x < stride; x++) sums[x] = sums[x]! + weight * narrow[from + x]!;
    }
    for (let x = 0, at = y * stride; x < stride; x++) resized.data[at + x] = sums[x]! >> PRECISION;
  }
  return resized;
}

/** Weights depend on two lengths alone, of which an epoch meets the same few hundred again and again. */
const cache = new Map<number, Weights>();
const CACHED = 2048;

function cachedWeights(from: number, to: number): Weights {
  const key = from * 65_536 + to;
  const known = cache.get(key);
  if (known) return known;
  if (cache.size >= CACHED) cache.clear();
  const made = weightsOf(from, to);
  cache.set(key, made);
  return made;
}

/** As precompute_coeffs and normalize_coeffs_8bpc of Pillow. */
function weightsOf(from: number, to: number): Weights {
  const scale = from / to;
  const support = Math.max(scale, 1);
  const starts = new Int32Array(to);
  const lines: number[][] = [];
  for (let place = 0; place < to; place++) {
    const centre = (place + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - support + 0.5), 0);
    const end = Math.min(Math.trunc(centre + support + 0.5), from);
    const line = Array.from({ length: end - first }, (_, i) =>
      Math.max(1 - Math.abs((i + first - centre + 0.5) / support), 0),
    );
    const total = line.reduce((sum, weight) => sum + weight, 0);
    starts[place] = first;
    lines.push(line.map((weight) => Math.trunc(0.5 + (weight / total) * (1 << PRECISION))));
  }
  const taps = Math.max(...lines.map(({ length }) => length));
  const values = new Int32Array(to * taps);
  lines.forEach((line, place) => {
    // A line at the far end that has fewer taps begins earlier, so that none is read beyond the image.
    const missing = Math.max(0, starts[place]! + taps - from);
    starts[place] = starts[place]! - missing;
    values.set(line, place * taps + missing);
  });
  return { first: starts, taps, values };
}

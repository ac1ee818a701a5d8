import { blocks, bytesOfKernels, kernels, put } from '../kernels/pixel-kernels.js';
import type { Box } from './crop.js';
import type { Pixels } from './pixels.js';

/** Bits behind the point of the weights: a sum of 255 times weights that add up to one fits 32 bits. */
const PRECISION = 22;

/** For each pixel of a scaled line: the first of those it is made of, and `taps` weights of them, 0 at the end. */
interface Weights {
  readonly first: Int32Array;
  readonly taps: number;
  readonly values: Int32Array;
}

/** What is in a box of the image, brought to (size, size): see resized. */
export const resizedCrop = (image: Pixels, box: Box, size: number): Pixels =>
  resized(image, box, { width: size, height: size }, { left: 0, top: 0, width: size, height: size });

/**
 * What is in a box of the image, brought to another size with a triangle filter, bilinear with antialiasing, columns first, and of
 * that what is in a window: the very bytes of Pillow's `image.crop(box).resize(to, BILINEAR).crop(window)` (its Resample.c),
 * which torchvision calls.
 */
export function resized(
  image: Pixels,
  box: Box,
  to: { readonly width: number; readonly height: number },
  window: Box,
): Pixels {
  const across = cachedWeights(box.width, to.width, window.left, window.width);
  const down = cachedWeights(box.height, to.height, window.top, window.height);
  const top = down.first[0]!;
  const rows = down.first[window.height - 1]! + down.taps - top;
  const left = across.first[0]!;
  const columns = across.first[window.width - 1]! + across.taps - left;

  const stride = 3 * columns;
  const narrowStride = 3 * window.width;
  const bytes = window.height * narrowStride;
  const [from, narrow, into, ofColumns, ofRows] = blocks(
    rows * stride,
    rows * narrowStride,
    bytes,
    bytesOf(across),
    bytesOf(down),
  );
  const memory = bytesOfKernels();
  for (let y = 0, at = from; y < rows; y++, at += stride) {
    const start = 3 * ((box.top + top + y) * image.width + box.left + left);
    memory.set(image.data.subarray(start, start + stride), at);
  }
  const columnWeights = putWeights(across, left, ofColumns);
  kernels.across(from, stride, rows, narrow, window.width, ofColumns, columnWeights, across.taps);
  const rowWeights = putWeights(down, top, ofRows);
  kernels.down(narrow, narrowStride, into, window.height, ofRows, rowWeights, down.taps);
  return { data: memory.slice(into, into + bytes), width: window.width, height: window.height };
}

const bytesOf = ({ first, values }: Weights): number => first.byteLength + values.byteLength;

/** Places counted from `start`, then the values, whose place is returned. */
function putWeights({ first, values }: Weights, start: number, at: number): number {
  put(
    first.map((place) => place - start),
    at,
  );
  put(values, at + first.byteLength);
  return at + first.byteLength;
}

/** Weights depend on a few lengths alone, of which an epoch meets the same few hundred again and again. */
const cache = new Map<string, Weights>();
const CACHED = 2048;

function cachedWeights(from: number, to: number, start: number, count: number): Weights {
  const key = `${from} ${to} ${start} ${count}`;
  const known = cache.get(key);
  if (known) return known;
  if (cache.size >= CACHED) cache.clear();
  const made = weightsOf(from, to, start, count);
  cache.set(key, made);
  return made;
}

/** Of `count` places from `start` on, as precompute_coeffs and normalize_coeffs_8bpc of Pillow. */
function weightsOf(from: number, to: number, start: number, count: number): Weights {
  const scale = from / to;
  const support = Math.max(scale, 1);
  const first = new Int32Array(count);
  const ends = new Int32Array(count);
  let taps = 0;
  for (let place = 0; place < count; place++) {
    const centre = (start + place + 0.5) * scale;
    first[place] = Math.max(Math.trunc(centre - support + 0.5), 0);
    ends[place] = Math.min(Math.trunc(centre + support + 0.5), from);
    taps = Math.max(taps, ends[place]! - first[place]!);
  }
  const values = new Int32Array(count * taps);
  for (let place = 0; place < count; place++) {
    const centre = (start + place + 0.5) * scale;
    const share = (pixel: number): number => Math.max(1 - Math.abs((pixel - centre + 0.5) / support), 0);
    const [begin, end] = [first[place]!, ends[place]!];
    let total = 0;
    for (let pixel = begin; pixel < end; pixel++) total += share(pixel);
    // A line at the far end that has fewer taps begins earlier, so that none is read beyond the image.
    first[place] = Math.min(begin, from - taps);
    const at = place * taps - first[place]!;
    for (let pixel = begin; pixel < end; pixel++)
      values[at + pixel] = Math.trunc(0.5 + (share(pixel) / total) * (1 << PRECISION));
  }
  return { first, taps, values };
}

import type { Draws } from './draws.js';
import { blankPixels, type Pixels } from './pixels.js';

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** What is in the box, which lies within the image. */
export const crop = (image: Pixels, box: Box): Pixels => view(image, box, 'constant', 0);

/** The middle of a square image. */
export function centre(image: Pixels, size: number): Pixels {
  const margin = (image.width - size) / 2;
  return margin === 0 ? image : crop(image, { left: margin, top: margin, width: size, height: size });
}

export type PaddingMode = 'constant' | 'edge' | 'reflect' | 'symmetric';

/** Pixels on every side, as torchvision's pad: of one value, the outermost repeated, or mirrored without or with the outermost. */
export function pad(image: Pixels, padding: number, mode: PaddingMode, fill = 0): Pixels {
  const [width, height] = [image.width + 2 * padding, image.height + 2 * padding];
  return view(image, { left: -padding, top: -padding, width, height }, mode, fill);
}

/** What is in a box, which may reach beyond the image: there it is as `pad` would make it. */
function view({ data, width, height }: Pixels, box: Box, mode: PaddingMode, fill: number): Pixels {
  const result = blankPixels(box.width, box.height);
  const columns = places(width, box.left, box.width, mode);
  const rows = places(height, box.top, box.height, mode);
  const stride = 3 * box.width;
  const [left, right] = [Math.max(0, -box.left), Math.min(box.width, width - box.left)]; // of the box: what the image fills
  const beyond: number[] = [];
  for (let x = 0; x < box.width; x++) if (x < left || x >= right) beyond.push(x);
  const into = result.data;
  for (let y = 0, start = 0; y < box.height; y++, start += stride) {
    const row = rows[y]!;
    if (row < 0) {
      into.fill(fill, start, start + stride);
      continue;
    }
    const from = 3 * (row * width + box.left);
    into.set(data.subarray(from + 3 * left, from + 3 * right), start + 3 * left);
    for (const x of beyond) {
      const column = columns[x]!;
      for (let channel = 0; channel < 3; channel++) {
        into[start + 3 * x + channel] = column < 0 ? fill : data[3 * (row * width + column) + channel]!;
      }
    }
  }
  return result;
}

/** Which pixel of a line of `length` each of `count` from `start` on shows; -1: none. */
function places(length: number, start: number, count: number, mode: PaddingMode): Int32Array {
  const found = new Int32Array(count);
  for (let i = 0, place = start; i < count; i++, place++) {
    if (place >= 0 && place < length) found[i] = place;
    else if (mode === 'constant') found[i] = -1;
    else if (mode === 'edge') found[i] = place < 0 ? 0 : length - 1;
    else found[i] = mirrored(place, length, mode === 'symmetric' ? 1 : 0);
  }
  return found;
}

/** `twice`: 1 where the outermost pixel is shown again. */
function mirrored(place: number, length: number, twice: 0 | 1): number {
  if (length === 1) return 0;
  const period = 2 * (length - 1 + twice);
  const within = ((place % period) + period) % period;
  return within < length ? within : period - within - twice;
}

export interface RandomCrop {
  readonly padding: number;
  readonly paddingMode: PaddingMode;
  readonly fill: number;
}

/** A square anywhere within the padded image, as torchvision's RandomCrop. */
export function randomCrop(image: Pixels, size: number, { padding, paddingMode, fill }: RandomCrop, draws: Draws) {
  const top = draws.below(image.height + 2 * padding - size + 1) - padding;
  const left = draws.below(image.width + 2 * padding - size + 1) - padding;
  return view(image, { left, top, width: size, height: size }, paddingMode, fill);
}

import type { Draws } from './draws.js';
import { blankPixels, type Pixels } from './pixels.js';

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** What is in the box, which lies within the image. */
export function crop({ data, width }: Pixels, box: Box): Pixels {
  const cropped = blankPixels(box.width, box.height);
  const stride = 3 * box.width;
  for (let y = 0; y < box.height; y++) {
    const from = 3 * ((box.top + y) * width + box.left);
    cropped.data.set(data.subarray(from, from + stride), y * stride);
  }
  return cropped;
}

/** The middle of a square image. */
export function centre(image: Pixels, size: number): Pixels {
  const margin = (image.width - size) / 2;
  return margin === 0 ? image : crop(image, { left: margin, top: margin, width: size, height: size });
}

export type PaddingMode = 'constant' | 'edge' | 'reflect' | 'symmetric';

/** Pixels on every side, as torchvision's pad: of one value, the outermost repeated, or mirrored without or with the outermost. */
export function pad(image: Pixels, padding: number, mode: PaddingMode, fill = 0): Pixels {
  if (padding === 0) return image;
  const { data, width, height } = image;
  const padded = blankPixels(width + 2 * padding, height + 2 * padding);
  const columns = places(width, padding, mode);
  const rows = places(height, padding, mode);
  const stride = 3 * padded.width;
  rows.forEach((row, y) => {
    const line = padded.data.subarray(y * stride, (y + 1) * stride);
    if (row < 0) {
      line.fill(fill);
      return;
    }
    line.set(data.subarray(3 * row * width, 3 * (row + 1) * width), 3 * padding);
    for (let i = 0; i < 2 * padding; i++) {
      const x = i < padding ? i : i + width;
      const column = columns[x]!;
      for (let channel = 0; channel < 3; channel++) {
        line[3 * x + channel] = column < 0 ? fill : data[3 * (row * width + column) + channel]!;
      }
    }
  });
  return padded;
}

/** Which pixel each of a padded line shows; -1: none. */
function places(length: number, padding: number, mode: PaddingMode): Int32Array {
  return Int32Array.from({ length: length + 2 * padding }, (_, i) => {
    const place = i - padding;
    if (place >= 0 && place < length) return place;
    if (mode === 'constant') return -1;
    if (mode === 'edge') return place < 0 ? 0 : length - 1;
    return mirrored(place, length, mode === 'symmetric' ? 1 : 0);
  });
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
  const padded = pad(image, padding, paddingMode, fill);
  const top = draws.below(padded.height - size + 1);
  const left = draws.below(padded.width - size + 1);
  return crop(padded, { left, top, width: size, height: size });
}

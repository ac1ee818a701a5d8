import { blankPixels, type Pixels } from './pixels.js';

/** Left for right, as torchvision's hflip. */
export function flipHorizontally({ data, width, height }: Pixels): Pixels {
  const flipped = blankPixels(width, height);
  const into = flipped.data;
  const stride = 3 * width;
  for (let start = 0; start < data.length; start += stride) {
    for (let from = start, to = start + stride - 3; from < start + stride; from += 3, to -= 3) {
      into[to] = data[from]!;
      into[to + 1] = data[from + 1]!;
      into[to + 2] = data[from + 2]!;
    }
  }
  return flipped;
}

/** Upside down, as torchvision's vflip. */
export function flipVertically({ data, width, height }: Pixels): Pixels {
  const flipped = blankPixels(width, height);
  const stride = 3 * width;
  for (let y = 0; y < height; y++) {
    flipped.data.set(data.subarray(y * stride, (y + 1) * stride), (height - 1 - y) * stride);
  }
  return flipped;
}

import { blocks, bytesOfKernels, kernels, put } from '../kernels/pixel-kernels.js';
import { blankPixels, type Pixels } from './pixels.js';

/** Left for right, as torchvision's hflip. */
export function flipHorizontally({ data, width, height }: Pixels): Pixels {
  const [from, to] = blocks(data.length, data.length);
  put(data, from);
  kernels.mirror(from, to, width, height);
  return { data: bytesOfKernels().slice(to, to + data.length), width, height };
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

import { power } from '../exact-math.js';
import type { Box } from './crop.js';
import type { Draws } from './draws.js';
import type { Pixels } from './pixels.js';
import { resizedCrop } from './resize.js';

export interface RandomResizedCrop {
  /** Share of the area that is cut out, from the least to the most. */
  readonly scale: readonly [number, number];
  /** Width over height of what is cut out. */
  readonly ratio: readonly [number, number];
}

const TRIES = 10;

/**
 * A box of a random area and shape anywhere in the image (Szegedy et al., 2015, "Going deeper with convolutions", section 6), as
 * torchvision's RandomResizedCrop.get_params: where ten tries do not fit, the largest box in the middle whose shape is allowed.
 */
export function randomBox({ width, height }: Pixels, { scale, ratio }: RandomResizedCrop, draws: Draws): Box {
  const area = width * height;
  for (let i = 0; i < TRIES; i++) {
    const wanted = area * draws.between(scale[0], scale[1]);
    const shape = ratio[0] * power(ratio[1] / ratio[0], draws.uniform());
    const w = Math.round(Math.sqrt(wanted * shape));
    const h = Math.round(Math.sqrt(wanted / shape));
    if (w < 1 || w > width || h < 1 || h > height) continue;
    const top = draws.below(height - h + 1);
    return { left: draws.below(width - w + 1), top, width: w, height: h };
  }
  const shape = Math.min(Math.max(width / height, ratio[0]), ratio[1]);
  const w = shape >= width / height ? width : Math.round(height * shape);
  const h = shape >= width / height ? Math.round(width / shape) : height;
  return { left: (width - w) >> 1, top: (height - h) >> 1, width: w, height: h };
}

export const randomResizedCrop = (image: Pixels, size: number, given: RandomResizedCrop, draws: Draws): Pixels =>
  resizedCrop(image, randomBox(image, given, draws), size);

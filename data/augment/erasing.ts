import { power } from '../exact-math.js';
import type { Draws } from './draws.js';

export interface RandomErasing {
  readonly p: number;
  /** Share of the area that is erased. */
  readonly scale: readonly [number, number];
  /** Height over width of what is erased. */
  readonly ratio: readonly [number, number];
  /** What stands in its place, in normalised pixels: 0 is the mean colour. random: normal values. */
  readonly value: number | 'random';
}

const TRIES = 10;

/**
 * Erases a box of the normalised image (size, size, channels) at `start` of the batch in place (Zhong et al., 2017, "Random erasing
 * data augmentation"), as torchvision's RandomErasing.
 */
export function randomErasing(
  pixels: Float32Array,
  { start, size, channels }: { readonly start: number; readonly size: number; readonly channels: number },
  { p, scale, ratio, value }: RandomErasing,
  draws: Draws,
): void {
  if (!draws.chance(p)) return;
  for (let i = 0; i < TRIES; i++) {
    const area = size * size * draws.between(scale[0], scale[1]);
    const shape = ratio[0] * power(ratio[1] / ratio[0], draws.uniform());
    const height = Math.round(Math.sqrt(area * shape));
    const width = Math.round(Math.sqrt(area / shape));
    if (height >= size || width >= size) continue;
    const top = draws.below(size - height + 1);
    const left = draws.below(size - width + 1);
    for (let y = top; y < top + height; y++) {
      const from = start + (y * size + left) * channels;
      const to = from + width * channels;
      if (value === 'random') for (let at = from; at < to; at++) pixels[at] = draws.normal();
      else pixels.fill(value, from, to);
    }
    return;
  }
}

import { about, rotated, transformed, type Interpolation } from './affine.js';
import { adjustBrightness, adjustContrast, adjustSaturation } from './colour.js';
import type { Draws } from './draws.js';
import type { Pixels } from './pixels.js';
import { adjustSharpness, autoContrasted, equalized, posterized, solarized } from './tones.js';

export interface RandAugment {
  readonly numOps: number;
  readonly magnitude: number;
  readonly numMagnitudeBins: number;
  readonly interpolation: Interpolation;
  readonly fill: number;
}

type View = Pick<RandAugment, 'interpolation' | 'fill'>;

interface Operation {
  readonly name: string;
  /** Its strength at `share` (0 to 1) of the range. */
  readonly strength: (share: number, image: Pixels) => number;
  /** As strong the other way, half of the times. */
  readonly signed: boolean;
  readonly apply: (image: Pixels, strength: number, view: View) => Pixels;
}

const sheared = (image: Pixels, x: number, y: number, { interpolation, fill }: View): Pixels =>
  transformed(image, about([1, x, y, 1], [0, 0], image.width, image.height, true), interpolation, fill);

const moved = (image: Pixels, right: number, down: number, { interpolation, fill }: View): Pixels =>
  transformed(image, [1, 0, -right, 0, 1, -down], interpolation, fill);

const unchanged = (image: Pixels): Pixels => image;

/** Names, ranges and order of torchvision's RandAugment, which has them of the paper. */
export const operations: readonly Operation[] = [
  { name: 'Identity', strength: () => 0, signed: false, apply: unchanged },
  { name: 'ShearX', strength: (share) => 0.3 * share, signed: true, apply: (i, by, view) => sheared(i, by, 0, view) },
  { name: 'ShearY', strength: (share) => 0.3 * share, signed: true, apply: (i, by, view) => sheared(i, 0, by, view) },
  {
    name: 'TranslateX',
    strength: (share, { width }) => (150 / 331) * width * share,
    signed: true,
    apply: (image, by, view) => moved(image, Math.trunc(by), 0, view),
  },
  {
    name: 'TranslateY',
    strength: (share, { height }) => (150 / 331) * height * share,
    signed: true,
    apply: (image, by, view) => moved(image, 0, Math.trunc(by), view),
  },
  {
    name: 'Rotate',
    strength: (share) => 30 * share,
    signed: true,
    apply: (image, by, { interpolation, fill }) => rotated(image, by, interpolation, fill),
  },
  { name: 'Brightness', strength: (share) => 0.9 * share, signed: true, apply: (i, by) => adjustBrightness(i, 1 + by) },
  { name: 'Color', strength: (share) => 0.9 * share, signed: true, apply: (i, by) => adjustSaturation(i, 1 + by) },
  { name: 'Contrast', strength: (share) => 0.9 * share, signed: true, apply: (i, by) => adjustContrast(i, 1 + by) },
  { name: 'Sharpness', strength: (share) => 0.9 * share, signed: true, apply: (i, by) => adjustSharpness(i, 1 + by) },
  { name: 'Posterize', strength: (share) => 8 - Math.round(4 * share), signed: false, apply: posterized },
  { name: 'Solarize', strength: (share) => 255 * (1 - share), signed: false, apply: solarized },
  { name: 'AutoContrast', strength: () => 0, signed: false, apply: autoContrasted },
  { name: 'Equalize', strength: () => 0, signed: false, apply: equalized },
];

/** `numOps` operations, any of them, at one strength (Cubuk et al., 2019, "RandAugment"), as torchvision's RandAugment. */
export function randAugment(
  image: Pixels,
  { numOps, magnitude, numMagnitudeBins, ...view }: RandAugment,
  draws: Draws,
) {
  const share = magnitude / (numMagnitudeBins - 1);
  let result = image;
  for (let i = 0; i < numOps; i++) {
    const { strength, signed, apply } = operations[draws.below(operations.length)]!;
    const side = signed && draws.chance(0.5) ? -1 : 1;
    result = apply(result, side * strength(share, result), view);
  }
  return result;
}

import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation } from './colour.js';
import type { Draws } from './draws.js';
import type { Pixels } from './pixels.js';

export interface ColorJitter {
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  readonly hue: number;
}

/** Factors from 1 - x to 1 + x, and a turn of the hue from -x to x, each where x is above 0 and in a random order: torchvision's ColorJitter. */
export function colorJitter(
  image: Pixels,
  { brightness, contrast, saturation, hue }: ColorJitter,
  draws: Draws,
): Pixels {
  const factor = (most: number): number => draws.between(Math.max(0, 1 - most), 1 + most);
  const steps = [
    { most: brightness, does: adjustBrightness, by: factor(brightness) },
    { most: contrast, does: adjustContrast, by: factor(contrast) },
    { most: saturation, does: adjustSaturation, by: factor(saturation) },
    { most: hue, does: adjustHue, by: draws.between(-hue, hue) },
  ];
  let result = image;
  for (let left = steps.length; left > 0; left--) {
    const { most, does, by } = steps.splice(draws.below(left), 1)[0]!;
    if (most > 0) result = does(result, by);
  }
  return result;
}

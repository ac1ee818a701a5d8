import type { Job } from '../../job/schema.js';
import { randomAffine, randomRotation } from './affine.js';
import { colorJitter } from './colour-jitter.js';
import { centre, randomCrop } from './crop.js';
import { Draws, sites, type Bits } from './draws.js';
import { flipHorizontally, flipVertically } from './flip.js';
import type { Pixels } from './pixels.js';
import { randAugment } from './rand-augment.js';
import { randomResizedCrop } from './random-resized-crop.js';

export type AugmentSettings = NonNullable<Job['data']['augment']>;

/**
 * What a job does to the bytes of a square image, (side, side, 3) to (size, size, 3), always in this order: what sees beyond the
 * crop first, colours last. Erasing and mixing come after the pixels are normalised: see erasing.ts, mix.ts.
 */
export function augmentedImage(image: Pixels, size: number, settings: AugmentSettings, bits: Bits): Pixels {
  const at = (site: number): Draws => new Draws(bits, site);
  const { rotation, affine, horizontalFlip = 0, verticalFlip = 0 } = settings;
  let result = image;
  if (rotation) {
    result = randomRotation(result, { ...rotation, degrees: eitherSide(rotation.degrees) }, at(sites.rotation));
  }
  if (affine) {
    const shear = affine.shear === undefined ? undefined : eitherSide(affine.shear);
    result = randomAffine(result, { ...affine, degrees: eitherSide(affine.degrees), shear }, at(sites.affine));
  }
  result = cropped(result, size, settings, at(sites.crop));
  if (horizontalFlip > 0 && at(sites.horizontalFlip).chance(horizontalFlip)) result = flipHorizontally(result);
  if (verticalFlip > 0 && at(sites.verticalFlip).chance(verticalFlip)) result = flipVertically(result);
  if (settings.randAugment) result = randAugment(result, settings.randAugment, at(sites.randAugment));
  if (settings.colorJitter) result = colorJitter(result, settings.colorJitter, at(sites.colorJitter));
  return result;
}

function cropped(
  image: Pixels,
  size: number,
  { randomCrop: square, randomResizedCrop: box }: AugmentSettings,
  at: Draws,
) {
  if (square) return randomCrop(image, size, square, at);
  return box ? randomResizedCrop(image, size, box, at) : centre(image, size);
}

const eitherSide = (most: number): [number, number] => [-most, most];

/** Pixels on every side of a prepared image that only a crop may see. */
export function marginOf({ data: { augment } }: Job, size: number): number {
  const looksBeyond = augment?.randomResizedCrop !== undefined || augment?.randomCrop?.padding === 0;
  return looksBeyond ? Math.floor((Math.round((size * 256) / 224) - size) / 2) : 0;
}

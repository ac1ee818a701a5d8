import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { inverseMatrix, rotated, transformed, type Interpolation } from '../../../data/augment/affine.js';
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation } from '../../../data/augment/colour.js';
import { crop, pad, type PaddingMode } from '../../../data/augment/crop.js';
import { flipHorizontally, flipVertically } from '../../../data/augment/flip.js';
import type { Pixels } from '../../../data/augment/pixels.js';
import { operations } from '../../../data/augment/rand-augment.js';
import { resizedCrop } from '../../../data/augment/resize.js';
import { adjustSharpness, autoContrasted, equalized, posterized, solarized } from '../../../data/augment/tones.js';

interface Case {
  readonly op: string;
  readonly image: keyof typeof images;
  readonly arguments: never;
  readonly shape: readonly number[];
  readonly sha256: string;
}

const fixture = JSON.parse(readFileSync(new URL('../../fixtures/augmented-images.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};

/** As test/references/augmented_images.py makes them. */
function made(width: number, height: number): Pixels {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y, c] = [Math.floor(i / 3) % width, Math.floor(i / (3 * width)), i % 3];
    return x * (5 + c) + y * (3 + 2 * c) + (Math.imul(i, 2654435761) >>> 26);
  });
  return { data, width, height };
}

const darker = ({ data, ...size }: Pixels): Pixels => ({
  data: data.map((value) => Math.floor(value / 3) + 20),
  ...size,
});

const images = { wide: made(48, 36), square: made(40, 40), dark: darker(made(33, 40)) };

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}
interface Moved {
  readonly angle: number;
  readonly translate: [number, number];
  readonly scale: number;
  readonly shear: [number, number];
  readonly interpolation: Interpolation;
  readonly fill: number;
}

const ours: Record<string, (image: Pixels, given: never) => Pixels> = {
  hflip: flipHorizontally,
  vflip: flipVertically,
  crop,
  pad: (image, { padding, mode, fill }: { padding: number; mode: PaddingMode; fill: number }) =>
    pad(image, padding, mode, fill),
  resizedCrop: (image, box: Box & { size: number }) => resizedCrop(image, box, box.size),
  brightness: (image, { factor }: { factor: number }) => adjustBrightness(image, factor),
  contrast: (image, { factor }: { factor: number }) => adjustContrast(image, factor),
  saturation: (image, { factor }: { factor: number }) => adjustSaturation(image, factor),
  sharpness: (image, { factor }: { factor: number }) => adjustSharpness(image, factor),
  hue: (image, { factor }: { factor: number }) => adjustHue(image, factor),
  posterize: (image, { bits }: { bits: number }) => posterized(image, bits),
  solarize: (image, { threshold }: { threshold: number }) => solarized(image, threshold),
  autocontrast: autoContrasted,
  equalize: equalized,
  rotate: (image, { angle, interpolation, fill }: Moved) => rotated(image, angle, interpolation, fill),
  affine: (image, { interpolation, fill, ...given }: Moved) =>
    transformed(image, inverseMatrix(given, image.width, image.height), interpolation, fill),
  randAugment: (image, { name, side }: { name: string; side: number }) => {
    const { strength, apply } = operations.find((operation) => operation.name === name)!;
    return apply(image, side * strength(9 / 30, image), { interpolation: 'nearest', fill: 0 });
  },
};

const named = fixture.cases.map((each) => [each.op, JSON.stringify(each.arguments), each.image, each] as const);

test.each(named)('%s %s of the %s image gives the bytes of torchvision', (_, __, ___, each) => {
  const { data, width, height } = ours[each.op]!(images[each.image], each.arguments);
  expect([height, width, 3]).toEqual(each.shape);
  expect(createHash('sha256').update(data).digest('hex')).toBe(each.sha256);
});

import { closeSync, openSync, readSync } from 'node:fs';
import { randomErasing } from '../../data/augment/erasing.js';
import { Draws, sites } from '../../data/augment/draws.js';
import { augmentedImage } from '../../data/augment/image-augmenter.js';
import { mixRows } from '../../data/augment/mix.js';
import { centre } from '../../data/augment/crop.js';
import type { AugmentPlan } from '../../data/augment/plan.js';
import type { Examples } from './examples.js';
import { fillUp } from './filled-up.js';
import { mixOf, mixedTargets } from './mixed-targets.js';
import { bitsOf } from './step-draws.js';
import { countOfTargets, gatherTargets, type RowTargets } from './row-targets.js';

/** Where the pixels of images lie: image i of the file at bytes[offsets[i] … offsets[i] + side · side · 3), side = size + 2 · margin. */
export interface ImageFile {
  readonly path: string;
  readonly offsets: Float64Array;
}

/** Mean and deviation of red, green and blue, of pixels from 0 to 1. */
export interface PixelScale {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  /** One channel, the luma of the colours (ITU-R 601, rounded as Pillow's `convert('L')` rounds it), scaled as red is. */
  readonly grey?: boolean;
}

export const channelsOf = ({ grey }: PixelScale): number => (grey ? 1 : 3);

export interface ImageRows {
  readonly files: readonly ImageFile[];
  readonly size: number;
  /** Pixels on every side of a stored image beyond its size: only augmentation sees them. */
  readonly margin?: number | undefined;
  readonly scale: PixelScale;
  readonly targets: RowTargets;
  /** Of the training split, where the job augments. */
  readonly augment?: (AugmentPlan & { readonly classes: number }) | undefined;
}

const OPEN_FILES = 16;

/**
 * Images that stay on disk: a batch reads its own, so that memory holds no more than one batch (the system's page cache
 * makes the second epoch fast). Inputs: `pixels` float32 (rows, size, size, 3 or 1), (value / 255 - mean) / deviation in single
 * precision as torchvision has it; rows that fill up the batch repeat the others (fillUp). Targets: see gatherTargets.
 */
export function imageExamples(given: ImageRows): Examples & { close(): void } {
  const { files, size, margin = 0, scale, targets, augment } = given;
  const side = size + 2 * margin;
  const elements = side * side * 3;
  const channels = channelsOf(scale);
  const inputs = size * size * channels;
  const stored = { data: new Uint8Array(elements), width: side, height: side };
  const bytes = stored.data;
  const scaleInto = scalerOf(scale);
  const opened = openFiles();
  const starts: number[] = [];
  let count = 0;
  for (const { offsets } of files) {
    starts.push(count);
    count += offsets.length;
  }
  if (count !== countOfTargets(targets)) throw new Error(`${count} images, but targets of ${countOfTargets(targets)}`);

  function read(example: number): void {
    const index = starts.findLastIndex((start) => start <= example);
    const { path, offsets } = files[index]!;
    const at = offsets[example - starts[index]!]!;
    const found = readSync(opened.descriptor(path), bytes, 0, elements, at);
    if (found !== elements) throw new Error(`${path}: expected ${elements} bytes of pixels at ${at}, found ${found}`);
  }

  return {
    count,
    lengthOf: () => 1,
    bucketFor: () => 1,
    targets: (examples, rows) => gatherTargets(targets, examples, rows),
    gather(examples, rows, _bucket, at) {
      const pixels = new Float32Array(rows * inputs);
      const settings = at && augment?.settings;
      examples.forEach((example, row) => {
        read(example);
        const start = row * inputs;
        if (!settings) {
          scaleInto(pixels, start, centre(stored, size).data);
          return;
        }
        const bits = bitsOf(at, row);
        scaleInto(pixels, start, augmentedImage(stored, size, settings, bits).data);
        const { randomErasing: erasing } = settings;
        if (erasing) randomErasing(pixels, { start, size, channels }, erasing, new Draws(bits, sites.erasing));
      });
      const own = gatherTargets(targets, examples, rows);
      const mix = settings ? mixOf(augment!, size, at) : null;
      if (mix) mixRows(pixels, examples.length, inputs, mix, size);
      fillUp(pixels, examples.length, inputs);
      return { pixels, ...(settings ? mixedTargets(own, mix, examples.length, augment!.classes) : own) };
    },
    close: () => opened.close(),
  };
}

/** Images in memory: (size, size, 3) bytes each. See imageExamples. */
export function pixelExamples({ pixels: images, size, scale, targets }: PixelRows): Examples {
  const inputs = size * size * channelsOf(scale);
  const scaleInto = scalerOf(scale);
  return {
    count: images.length,
    lengthOf: () => 1,
    bucketFor: () => 1,
    targets: (examples, rows) => gatherTargets(targets, examples, rows),
    gather(examples, rows) {
      const pixels = new Float32Array(rows * inputs);
      examples.forEach((example, row) => scaleInto(pixels, row * inputs, images[example]!));
      fillUp(pixels, examples.length, inputs);
      return { pixels, ...gatherTargets(targets, examples, rows) };
    },
  };
}

export interface PixelRows extends Omit<ImageRows, 'files' | 'margin' | 'augment'> {
  readonly pixels: readonly Uint8Array[];
}

/** Writes what bytes of red, green and blue become, from `start` on. */
type Scaler = (pixels: Float32Array, start: number, bytes: Uint8Array) => void;

function scalerOf(scale: PixelScale): Scaler {
  const [red, green, blue] = scaleTables(scale);
  if (scale.grey) {
    return (pixels, start, bytes) => {
      for (let i = 0; i < bytes.length; i += 3) {
        const luma = (19595 * bytes[i]! + 38470 * bytes[i + 1]! + 7471 * bytes[i + 2]! + 0x8000) >> 16;
        pixels[start + i / 3] = red[luma]!;
      }
    };
  }
  return (pixels, start, bytes) => {
    for (let i = 0; i < bytes.length; i += 3) {
      pixels[start + i] = red[bytes[i]!]!;
      pixels[start + i + 1] = green[bytes[i + 1]!]!;
      pixels[start + i + 2] = blue[bytes[i + 2]!]!;
    }
  };
}

type Tables = readonly [Float32Array, Float32Array, Float32Array];

/** What each of the 256 values of a channel becomes; every operation rounded to float32, as torch rounds it. */
const scaleTables = ({ mean, std }: PixelScale): Tables =>
  [0, 1, 2].map((channel) =>
    Float32Array.from({ length: 256 }, (_, value) => {
      const centred = Math.fround(Math.fround(value / 255) - Math.fround(mean[channel]!));
      return centred / Math.fround(std[channel]!);
    }),
  ) as unknown as Tables;

/** The files used last stay open. */
function openFiles() {
  const descriptors = new Map<string, number>();
  return {
    descriptor(path: string): number {
      const known = descriptors.get(path);
      if (known !== undefined) return known;
      if (descriptors.size >= OPEN_FILES) {
        const [oldest, descriptor] = descriptors.entries().next().value!;
        descriptors.delete(oldest);
        closeSync(descriptor);
      }
      const descriptor = openSync(path, 'r');
      descriptors.set(path, descriptor);
      return descriptor;
    },
    close(): void {
      for (const descriptor of descriptors.values()) closeSync(descriptor);
      descriptors.clear();
    },
  };
}

import { centre } from '../../data/augment/crop.js';
import { lumaOf } from '../../data/augment/colour.js';
import { Draws, sites } from '../../data/augment/draws.js';
import { randomErasing } from '../../data/augment/erasing.js';
import { augmentedImage } from '../../data/augment/image-augmenter.js';
import { mixRows } from '../../data/augment/mix.js';
import { blocks, kernels, put } from '../../data/kernels/pixel-kernels.js';
import type { AugmentPlan } from '../../data/augment/plan.js';
import type { ShardIndex } from '../../data/shard-index.js';
import type { ShardRows } from '../../data/shard-rows.js';
import type { Examples } from './examples.js';
import { fillUp } from './fill-up.js';
import { mixedTargets, mixOf } from './mixed-targets.js';
import { bitsOf } from './row-draws.js';
import { classesOfTargets, countOfTargets, gatherTargets, type RowTargets } from './row-targets.js';

/** Mean and deviation of red, green and blue, of pixels from 0 to 1. */
export interface PixelScale {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  /** One channel, the luma of the colours (ITU-R 601, rounded as Pillow's `convert('L')` rounds it), scaled as red is. */
  readonly grey?: boolean;
}

export const channelsOf = ({ grey }: PixelScale): number => (grey ? 1 : 3);

export interface ImageRows {
  /** RGB bytes of each image, (side, side, 3) with side = size + 2 · margin. The array is the reader's until the next image is read. */
  readonly images: { readonly count: number; read(example: number): Uint8Array };
  readonly size: number;
  /** Pixels on every side of a stored image that only augmentation sees; none where left out. */
  readonly margin?: number | undefined;
  readonly scale: PixelScale;
  readonly targets: RowTargets;
  /** Of training rows, where the job augments. */
  readonly augment?: (AugmentPlan & { readonly classes: number }) | undefined;
}

/** Images that stay in their files: a batch reads its own, so that memory holds no more than one batch. */
export function storedImages(index: ShardIndex, rows: ShardRows, side: number): ImageRows['images'] {
  const bytes = new Uint8Array(side * side * 3);
  return {
    count: index.rows,
    read(example) {
      rows.read('pixels', example, bytes);
      return bytes;
    },
  };
}

/**
 * Inputs: `pixels` float32 (rows, size, size, 3 or 1), (value / 255 - mean) / deviation in single precision as torchvision has
 * it; rows that fill up the batch repeat the others (fillUp). Targets: see gatherTargets.
 */
export function imageExamples({ images, size, margin = 0, scale, targets, augment }: ImageRows): Examples {
  const side = size + 2 * margin;
  const channels = channelsOf(scale);
  const inputs = size * size * channels;
  const scaleInto = scalerOf(scale);
  const { count } = images;
  if (count !== countOfTargets(targets)) throw new Error(`${count} images, but targets of ${countOfTargets(targets)}`);
  return {
    count,
    lengthOf: () => 1,
    classes: classesOfTargets(targets),
    bucketFor: () => 1,
    targets: (examples, rows) => gatherTargets(targets, examples, rows),
    gather(examples, rows, _bucket, at) {
      const pixels = new Float32Array(rows * inputs);
      const settings = at && augment?.settings;
      examples.forEach((example, row) => {
        const stored = { data: images.read(example), width: side, height: side };
        const start = row * inputs;
        if (!settings) {
          scaleInto(pixels, start, centre(stored, size).data);
          return;
        }
        const bits = bitsOf(at, example, row);
        scaleInto(pixels, start, augmentedImage(stored, size, settings, bits).data);
        const { randomErasing: erasing } = settings;
        if (erasing) randomErasing(pixels, { start, size, channels }, erasing, new Draws(bits, sites.erasing));
      });
      const mix = settings ? mixOf(augment!, size, at, examples) : null;
      if (mix) mixRows(pixels, examples.length, inputs, mix, size);
      fillUp(pixels, examples.length, inputs);
      const own = gatherTargets(targets, examples, rows);
      return { pixels, ...mixedTargets(own, mix, examples.length, augment?.classes ?? 0) };
    },
  };
}

/** Images in memory: (size, size, 3) bytes each. See imageExamples. */
export const pixelExamples = ({ pixels, ...rest }: PixelRows): Examples =>
  imageExamples({ images: { count: pixels.length, read: (example) => pixels[example]! }, ...rest });

export interface PixelRows extends Omit<ImageRows, 'images' | 'margin' | 'augment'> {
  readonly pixels: readonly Uint8Array[];
}

/** Writes what bytes of red, green and blue become, from `start` on. */
type Scaler = (pixels: Float32Array, start: number, bytes: Uint8Array) => void;

function scalerOf(scale: PixelScale): Scaler {
  return scale.grey ? greyScaler(scale) : colourScaler(scale);
}

/** Every operation rounded to float32, as torch rounds it. */
function colourScaler({ mean, std }: PixelScale): Scaler {
  // Vectors of four values begin at each of the three colours in turn.
  const inTurn = (values: readonly number[]): number[] => Array.from({ length: 12 }, (_, i) => values[i % 3]!);
  const constants = Float32Array.from([...inTurn(mean), ...inTurn(std)]);
  return (pixels, start, bytes) => {
    const [from, to, of] = blocks(bytes.length, 4 * bytes.length, constants.byteLength);
    put(bytes, from);
    put(constants, of);
    kernels.normalise(from, to, bytes.length, of);
    pixels.set(new Float32Array(kernels.memory.buffer, to, bytes.length), start);
  };
}

function greyScaler({ mean, std }: PixelScale): Scaler {
  const table = Float32Array.from({ length: 256 }, (_, value) => {
    const centred = Math.fround(Math.fround(value / 255) - Math.fround(mean[0]));
    return centred / Math.fround(std[0]);
  });
  return (pixels, start, bytes) => {
    for (let i = 0; i < bytes.length; i += 3) {
      pixels[start + i / 3] = table[lumaOf(bytes[i]!, bytes[i + 1]!, bytes[i + 2]!)]!;
    }
  };
}

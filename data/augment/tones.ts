/** The rest of what RandAugment does to colours, as Pillow's ImageOps and ImageEnhance.Sharpness have them, to the byte. */
import { blended, lookUp } from './colour.js';
import { blankPixels, type Pixels } from './pixels.js';

/** Keeps this many bits of each channel. */
export const posterized = (image: Pixels, bits: number): Pixels =>
  lookUp(
    image,
    Uint8Array.from({ length: 256 }, (_, i) => i & ~(2 ** (8 - bits) - 1)),
  );

/** Turns values from the threshold on into their negative. */
export const solarized = (image: Pixels, threshold: number): Pixels =>
  lookUp(
    image,
    Uint8Array.from({ length: 256 }, (_, i) => (i < threshold ? i : 255 - i)),
  );

/** Each channel stretched from its least to its most onto 0 to 255. */
export const autoContrasted = (image: Pixels): Pixels =>
  byChannel(image, (histogram) => {
    const low = histogram.findIndex((count) => count > 0);
    const high = histogram.findLastIndex((count) => count > 0);
    if (high <= low) return null;
    const scale = 255 / (high - low);
    return (i) => Math.min(255, Math.max(0, Math.trunc(i * scale - low * scale)));
  });

/** Each channel's histogram made flat. */
export const equalized = (image: Pixels): Pixels =>
  byChannel(image, (histogram) => {
    const counts = histogram.filter((count) => count > 0);
    if (counts.length <= 1) return null;
    const total = image.width * image.height;
    const step = Math.floor((total - counts.at(-1)!) / 255);
    if (step === 0) return null;
    let before = Math.floor(step / 2);
    const table = Array.from(histogram, (count) => {
      const value = Math.floor(before / step);
      before += count;
      return Math.min(255, value);
    });
    return (i) => table[i]!;
  });

/** A table for each channel by its histogram; null leaves it. */
function byChannel(image: Pixels, tableOf: (histogram: Uint32Array) => ((i: number) => number) | null): Pixels {
  const { data, width, height } = image;
  const result = blankPixels(width, height);
  for (let channel = 0; channel < 3; channel++) {
    const histogram = new Uint32Array(256);
    for (let i = channel; i < data.length; i += 3) histogram[data[i]!]!++;
    const valueOf = tableOf(histogram) ?? ((i: number) => i);
    const table = Uint8Array.from({ length: 256 }, (_, i) => valueOf(i));
    for (let i = channel; i < data.length; i += 3) result.data[i] = table[data[i]!]!;
  }
  return result;
}

/** 0 gives a smoothed image, 1 the image; its outermost pixels stay. */
export function adjustSharpness({ data, width, height }: Pixels, factor: number): Pixels {
  const result = blankPixels(width, height);
  result.data.set(data);
  const stride = 3 * width;
  for (let y = 1; y < height - 1; y++) {
    for (let i = y * stride + 3; i < (y + 1) * stride - 3; i++) {
      const around =
        data[i - stride - 3]! +
        data[i - stride]! +
        data[i - stride + 3]! +
        data[i - 3]! +
        data[i + 3]! +
        data[i + stride - 3]! +
        data[i + stride]! +
        data[i + stride + 3]!;
      const smooth = Math.trunc((around + 5 * data[i]!) / 13 + 0.5);
      result.data[i] = blended(smooth, data[i]!, factor);
    }
  }
  return result;
}

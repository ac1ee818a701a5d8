/** Brightness, contrast, saturation and hue as Pillow's ImageEnhance and HSV have them, to the byte: torchvision calls these. */
import { blankPixels, type Pixels } from './pixels.js';

/** Part of the way from `from` to `to`, or beyond it, in single precision, cut to a byte (Pillow's Blend.c). */
export function blended(from: number, to: number, factor: number): number {
  const value = Math.fround(from + Math.fround(Math.fround(factor) * (to - from)));
  return value <= 0 ? 0 : value >= 255 ? 255 : Math.trunc(value);
}

/** Every value of every channel becomes what the table has for it. */
export function lookUp({ data, width, height }: Pixels, table: ArrayLike<number>): Pixels {
  const result = blankPixels(width, height);
  for (let i = 0; i < data.length; i++) result.data[i] = table[data[i]!]!;
  return result;
}

const tableOf = (value: (i: number) => number): Uint8Array => Uint8Array.from({ length: 256 }, (_, i) => value(i));

/** 0 gives black, 1 the image. */
export const adjustBrightness = (image: Pixels, factor: number): Pixels =>
  lookUp(
    image,
    tableOf((i) => blended(0, i, factor)),
  );

/** 0 gives grey of the mean luma, 1 the image. */
export function adjustContrast(image: Pixels, factor: number): Pixels {
  const { data } = image;
  let sum = 0;
  for (let i = 0; i < data.length; i += 3) sum += lumaOf(data[i]!, data[i + 1]!, data[i + 2]!);
  const mean = Math.floor(sum / (data.length / 3) + 0.5);
  return lookUp(
    image,
    tableOf((i) => blended(mean, i, factor)),
  );
}

/** 0 gives grey, 1 the image. */
export function adjustSaturation({ data, width, height }: Pixels, factor: number): Pixels {
  const result = blankPixels(width, height);
  const into = result.data;
  // What a difference of a channel from the luma is multiplied to; it lies between -255 and 255.
  const share = Float32Array.from({ length: 511 }, (_, i) => Math.fround(factor) * (i - 255));
  for (let i = 0; i < data.length; i += 3) {
    const [red, green, blue] = [data[i]!, data[i + 1]!, data[i + 2]!];
    const luma = lumaOf(red, green, blue);
    into[i] = cut(luma + share[red - luma + 255]!);
    into[i + 1] = cut(luma + share[green - luma + 255]!);
    into[i + 2] = cut(luma + share[blue - luma + 255]!);
  }
  return result;
}

const cut = (sum: number): number => {
  const value = Math.fround(sum);
  return value <= 0 ? 0 : value >= 255 ? 255 : value | 0;
};

/** ITU-R 601, as Pillow's convert('L'). */
export const lumaOf = (red: number, green: number, blue: number): number =>
  (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16;

/** Which sixth of the circle each of 256 hues lies in, and how far in it. */
const sixth = Uint8Array.from({ length: 256 }, (_, hue) => Math.floor(Math.fround(Math.fround(hue * 6) / 255)));
const within = Float32Array.from({ length: 256 }, (_, hue) => Math.fround((hue * 6) / 255) - sixth[hue]!);

/** Turns the colours by this part of the circle, from -0.5 to 0.5, in steps of 1/255. */
export function adjustHue({ data, width, height }: Pixels, factor: number): Pixels {
  const turn = Math.trunc(factor * 255) & 255;
  const result = blankPixels(width, height);
  const into = result.data;
  for (let i = 0; i < data.length; i += 3) {
    const [red, green, blue] = [data[i]!, data[i + 1]!, data[i + 2]!];
    const most = red > green ? (red > blue ? red : blue) : green > blue ? green : blue;
    const least = red < green ? (red < blue ? red : blue) : green < blue ? green : blue;
    const spread = most - least;
    const saturation = spread === 0 ? 0 : Math.trunc(Math.fround(Math.fround(spread / most) * 255));
    if (saturation === 0) {
      into[i] = into[i + 1] = into[i + 2] = most;
      continue;
    }
    const hue = (hueOf(red, green, blue, most, spread) + turn) & 255;
    const part = within[hue]!;
    const strength = Math.fround(saturation / 255);
    const p = Math.floor(most * (1 - strength) + 0.5);
    const q = Math.floor(most * (1 - strength * part) + 0.5);
    const t = Math.floor(most * (1 - strength * (1 - part)) + 0.5);
    switch (sixth[hue]! % 6) {
      case 0:
        into[i] = most;
        into[i + 1] = t;
        into[i + 2] = p;
        break;
      case 1:
        into[i] = q;
        into[i + 1] = most;
        into[i + 2] = p;
        break;
      case 2:
        into[i] = p;
        into[i + 1] = most;
        into[i + 2] = t;
        break;
      case 3:
        into[i] = p;
        into[i + 1] = q;
        into[i + 2] = most;
        break;
      case 4:
        into[i] = t;
        into[i + 1] = p;
        into[i + 2] = most;
        break;
      default:
        into[i] = most;
        into[i + 1] = p;
        into[i + 2] = q;
    }
  }
  return result;
}

/** Of a colour that is not grey, from 0 to 255 (Pillow's Convert.c). */
function hueOf(red: number, green: number, blue: number, most: number, spread: number): number {
  const toRed = Math.fround((most - red) / spread);
  const toGreen = Math.fround((most - green) / spread);
  const toBlue = Math.fround((most - blue) / spread);
  const raw =
    red === most
      ? Math.fround(toBlue - toGreen)
      : green === most
        ? Math.fround(2 + toRed - toBlue)
        : Math.fround(4 + toGreen - toRed);
  const turns = raw / 6 + 1;
  const hue = Math.fround(turns - Math.floor(turns));
  return Math.trunc(Math.fround(hue * 255));
}

/** Brightness, contrast, saturation and hue as Pillow's ImageEnhance and HSV have them, to the byte: torchvision calls these. */
import { blocks, bytesOfKernels, kernels, put } from '../kernels/pixel-kernels.js';
import { blankPixels, type Pixels } from './pixels.js';

/** Part of the way from `from` to `to`, or beyond it, in single precision, cut to a byte (Pillow's Blend.c). */
export function blended(from: number, to: number, factor: number): number {
  const value = Math.fround(from + Math.fround(Math.fround(factor) * (to - from)));
  return value <= 0 ? 0 : value >= 255 ? 255 : Math.trunc(value);
}

/** Every value of every channel becomes what the table has for it. */
export function lookUp({ data, width, height }: Pixels, table: Uint8Array): Pixels {
  const result = blankPixels(width, height);
  const into = result.data;
  for (let i = 0; i < data.length; i += 3) {
    into[i] = table[data[i]!]!;
    into[i + 1] = table[data[i + 1]!]!;
    into[i + 2] = table[data[i + 2]!]!;
  }
  return result;
}

/** 0 gives black, 1 the image. */
export const adjustBrightness = (image: Pixels, factor: number): Pixels =>
  changed(image, (at, bytes) => kernels.blend(at, bytes, 0, factor));

/** 0 gives grey of the mean luma, 1 the image. */
export const adjustContrast = (image: Pixels, factor: number): Pixels =>
  changed(image, (at, bytes) => {
    const mean = Math.floor(kernels.lumaSum(at, bytes / 3) / (bytes / 3) + 0.5);
    kernels.blend(at, bytes, mean, factor);
  });

/** 0 gives grey, 1 the image. */
export const adjustSaturation = (image: Pixels, factor: number): Pixels =>
  changed(image, (at, bytes) => kernels.saturate(at, bytes / 3, factor));

/** `pass` finds the pixels at a place of the kernels' memory, and leaves them there. */
function changed({ data, width, height }: Pixels, pass: (at: number, bytes: number) => void): Pixels {
  const [at] = blocks(data.length);
  put(data, at);
  pass(at, data.length);
  return { data: bytesOfKernels().slice(at, at + data.length), width, height };
}

/** ITU-R 601, as Pillow's convert('L'). */
export const lumaOf = (red: number, green: number, blue: number): number =>
  (Math.imul(19595, red) + Math.imul(38470, green) + Math.imul(7471, blue) + 0x8000) >> 16;

/** Which sixth of the circle each of 256 hues lies in, and how far in it. */
const sixth = Uint8Array.from({ length: 256 }, (_, hue) => Math.floor(Math.fround(Math.fround(hue * 6) / 255)));
const within = Float32Array.from({ length: 256 }, (_, hue) => Math.fround((hue * 6) / 255) - sixth[hue]!);

/** Turns the colours by this part of the circle, from -0.5 to 0.5, in steps of 1/255. */
export function adjustHue({ data, width, height }: Pixels, factor: number): Pixels {
  const turn = Math.trunc(factor * 255) & 255;
  const result = blankPixels(width, height);
  const into = result.data;
  for (let i = 0; i < data.length; i += 3) {
    const red = data[i]!;
    const green = data[i + 1]!;
    const blue = data[i + 2]!;
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

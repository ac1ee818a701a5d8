/** Decodes an image file to square RGB, as torchvision's evaluation transform does (Resize, CenterCrop). */
import sharp, { type Sharp } from 'sharp';
import { pad } from './augment/crop.js';
import { enlarge } from './enlarge-image.js';
import type { PackedImage } from './readers/row.js';

/** torchvision brings the shorter side to 256 pixels for a crop of 224. */
const SHORTER_SIDE = 256 / 224;

/** A bomb of a few bytes may claim billions of pixels. */
export const MAX_PIXELS = 100_000_000;

/** A smaller image shows nothing: a tracking pixel, a spacer. */
const MIN_SIDE = 8;

/** SVG and PDF are programs rather than images: sharp could draw them, which nobody means here. */
const formats = new Set(['jpeg', 'png', 'webp', 'gif', 'tiff', 'heif', 'avif']);

/** Images to decode at once; libuv has four threads. */
export const DECODED_AT_ONCE = 8;

/** The image cannot be used; the message says why, without its place. */
export class UnreadableImage extends Error {
  override readonly name = 'UnreadableImage';
}

sharp.cache(false); // images are read once

/**
 * Pixels of the first frame, (size, size, 3), RGB, 0 … 255. The shorter side is brought to size · 256 / 224 with a triangle
 * filter (bilinear with antialiasing), then the centre is cut out; an image of just size x size is taken as it is. Turned as
 * its EXIF orientation says (torchvision's loader leaves it lying; Hugging Face's datasets turn it too), transparency on white,
 * colours as sRGB. With a `margin`, that many pixels more on every side of what is cut out, (size + 2 · margin)²: the middle is the
 * same to the byte. An image of just size x size, around which there is nothing, is mirrored at its edges.
 * @throws UnreadableImage for bytes that are no image, an image cut short, too small, or of more than MAX_PIXELS.
 */
export async function decodeImage(bytes: Uint8Array, size: number, margin = 0): Promise<Uint8Array> {
  const side = size + 2 * margin;
  const { data, info } = await decode(bytes, size, margin).catch((error: unknown) => {
    throw asUnreadable(error);
  });
  if (info.channels === 3 && info.width === side && info.height === side) return data;
  throw new Error(`sharp gave ${info.width} x ${info.height} x ${info.channels}, expected ${side} x ${side} x 3`);
}

/** Fields of a side, see imageFields. */
export const FIELDS = 9;

/** What is seen of a packed image at a glance: what is wrong with it, or its fields. */
export type ImageLook =
  { readonly fault: string; readonly fields: null } | { readonly fault: null; readonly fields: Uint8Array };

/** It is decoded whole, because a file that is cut short shows it nowhere else, and only once. */
export async function lookAtImage({ bytes, fault }: PackedImage): Promise<ImageLook> {
  if (fault !== null) return { fault, fields: null };
  try {
    return { fault, fields: await imageFields(bytes) };
  } catch (error) {
    if (error instanceof UnreadableImage) return { fault: error.message, fields: null };
    throw error;
  }
}

/** An image as nine by nine fields, (9, 9, 3), whatever its shape. @throws UnreadableImage as decodeImage does. */
export async function imageFields(bytes: Uint8Array): Promise<Uint8Array> {
  try {
    await usableSize(bytes);
    // Formats that can be read at a part of their size are: it takes a third of the time and shows the same damage.
    return await upright(bytes)
      .resize(FIELDS, FIELDS, { fit: 'fill', kernel: 'linear' })
      .raw({ depth: 'uchar' })
      .toBuffer();
  } catch (error) {
    throw asUnreadable(error);
  }
}

/** Pixels of the shorter side of an image that can be decoded. */
export async function shorterSideOf({ bytes }: PackedImage): Promise<number> {
  const { width, height } = await sharp(bytes, { limitInputPixels: MAX_PIXELS }).metadata();
  return Math.min(width, height);
}

/** libvips has no codes: what it says of a file is all there is. */
const asUnreadable = (error: unknown): UnreadableImage =>
  error instanceof UnreadableImage ? error : new UnreadableImage((error as Error).message.split('\n')[0]!.trim());

const strict = { limitInputPixels: MAX_PIXELS, failOn: 'error' } as const;

/** Width and height as it is shown. @throws UnreadableImage for another format, and for an image of too few pixels. */
async function usableSize(bytes: Uint8Array): Promise<{ readonly width: number; readonly height: number }> {
  if (bytes.byteLength === 0) throw new UnreadableImage('the file is empty');
  const { format, autoOrient } = await sharp(bytes, strict).metadata();
  if (!formats.has(format)) throw new UnreadableImage(`expected a JPEG, PNG, WebP, GIF, TIFF or AVIF, found ${format}`);
  const { width, height } = autoOrient;
  if (Math.min(width, height) < MIN_SIDE) {
    throw new UnreadableImage(`expected at least ${MIN_SIDE} pixels a side, found ${width} x ${height}`);
  }
  return { width, height };
}

const upright = (bytes: Uint8Array): Sharp =>
  sharp(bytes, strict).autoOrient().flatten({ background: '#ffffff' }).toColourspace('srgb');

async function decode(bytes: Uint8Array, size: number, margin: number) {
  const side = size + 2 * margin;
  const { width, height } = await usableSize(bytes);
  const shown = upright(bytes);
  const raw = (image: Sharp) => image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  if (width === size && height === size) {
    const { data, info } = await raw(shown);
    if (margin === 0 || info.channels !== 3) return { data, info };
    const mirrored = pad({ data, width, height }, margin, 'reflect').data;
    return { data: mirrored, info: { channels: 3, width: side, height: side } };
  }
  const { left, top, ...scaled } = placeOfCrop(width, height, size, margin);
  if (Math.min(width, height) < Math.min(scaled.width, scaled.height)) {
    const { data, info } = await raw(shown);
    if (info.channels !== 3) return { data, info };
    const enlarged = enlarge({ data, width, height }, scaled, { left, top, size: side });
    return { data: enlarged, info: { channels: 3, width: side, height: side } };
  }
  return raw(
    shown
      .resize(scaled.width, scaled.height, { fit: 'fill', kernel: 'linear', fastShrinkOnLoad: false })
      .extract({ left, top, width: side, height: side }),
  );
}

/** Size of the scaled image, and where the crop begins; rounded as torchvision rounds. */
function placeOfCrop(width: number, height: number, size: number, beyond: number) {
  const shorter = Math.round(size * SHORTER_SIDE);
  const scaled = (side: number): number => Math.floor((shorter * side) / Math.min(width, height));
  const margin = (side: number): number => roundHalfToEven((side - size) / 2);
  const [w, h] = [scaled(width), scaled(height)];
  return { width: w, height: h, left: margin(w) - beyond, top: margin(h) - beyond };
}

const roundHalfToEven = (value: number): number => (value % 1 === 0.5 ? 2 * Math.round(value / 2) : Math.round(value));

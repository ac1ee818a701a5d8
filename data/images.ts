/** Decodes an image file to square RGB, as torchvision's evaluation transform does (Resize, CenterCrop). */
import type { Sharp } from 'sharp';
import { pad } from './augment/crop.js';
import type { Pixels } from './augment/pixels.js';
import { resized } from './augment/resize.js';
import type { PackedImage } from './readers/row.js';
import { loadSharp } from './sharp.js';

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

/** Of larger ones libvips never has all pixels in memory; what it scales is one or two of 255 off. */
const WHOLE_PIXELS = 2 ** 20;

/**
 * Pixels of the first frame, (size, size, 3), RGB, 0 … 255. The shorter side is brought to size · 256 / 224 with a triangle
 * filter (bilinear with antialiasing), then the centre is cut out, as torchvision does with Pillow images: to the byte where an
 * image has at most WHOLE_PIXELS. One of just size x size is taken as it is. Turned as its EXIF orientation says (torchvision's
 * loader leaves it lying; Hugging Face's datasets turn it too), transparency on white, colours as sRGB. With a `margin`, that
 * many pixels more on every side of what is cut out, (size + 2 · margin)²: the middle is the same to the byte. An image of just
 * size x size, around which there is nothing, is mirrored at its edges.
 * @throws UnreadableImage for bytes that are no image, an image cut short, too small, or of more than MAX_PIXELS.
 */
export async function decodeImage(bytes: Uint8Array, size: number, margin = 0): Promise<Uint8Array> {
  // What most images are is decoded at once; of what cannot be, the longer way says why.
  const whole = isJpeg(bytes) || isPng(bytes) ? await decoded(bytes, WHOLE_PIXELS).catch(() => null) : null;
  if (whole !== null) {
    requireSides(whole);
    return middleOf(whole, size, margin);
  }
  const head = await headOf(bytes);
  // libvips enlarges with its samples half a pixel off.
  const isSmall = head.width * head.height <= WHOLE_PIXELS || becomesLarger(head, size);
  return isSmall ? middleOf(await decoded(bytes, MAX_PIXELS), size, margin) : shrunk(bytes, head, size, margin);
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
  await headOf(bytes);
  // Formats that can be read at a part of their size are, and show the same damage.
  const image = (await upright(bytes, MAX_PIXELS)).resize(FIELDS, FIELDS, { fit: 'fill', kernel: 'linear' });
  return (await pixelsOf(image)).data;
}

/** Pixels of the shorter side of an image that can be decoded. */
export async function shorterSideOf({ bytes }: PackedImage): Promise<number> {
  const sharp = await loadSharp();
  const { width, height } = await sharp(bytes, { limitInputPixels: MAX_PIXELS }).metadata();
  return Math.min(width, height);
}

const isJpeg = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0xd8;
const isPng = (bytes: Uint8Array): boolean => bytes[0] === 0x89 && bytes[1] === 0x50 && bytes[2] === 0x4e;

async function upright(bytes: Uint8Array, limitInputPixels: number): Promise<Sharp> {
  const sharp = await loadSharp();
  const image = sharp(bytes, { limitInputPixels, failOn: 'error' }).autoOrient().toColourspace('srgb');
  return isJpeg(bytes) ? image : image.flatten({ background: '#ffffff' });
}

/** libvips has no codes: what it says of a file is all there is. */
function unreadable(error: Error): never {
  throw new UnreadableImage(error.message.split('\n')[0]!.trim());
}

async function pixelsOf(image: Sharp): Promise<Pixels> {
  const { data, info } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true }).catch(unreadable);
  const { width, height, channels } = info;
  if (channels !== 3) throw new Error(`sharp gave ${width} x ${height} x ${channels}, expected three channels`);
  return { data, width, height };
}

const decoded = async (bytes: Uint8Array, limitInputPixels: number): Promise<Pixels> =>
  pixelsOf(await upright(bytes, limitInputPixels));

function requireSides({ width, height }: Size): void {
  if (Math.min(width, height) >= MIN_SIDE) return;
  throw new UnreadableImage(`expected at least ${MIN_SIDE} pixels a side, found ${width} x ${height}`);
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Of the upright image, without decoding it. */
async function headOf(bytes: Uint8Array): Promise<Size> {
  if (bytes.byteLength === 0) throw new UnreadableImage('the file is empty');
  const sharp = await loadSharp();
  const head = sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'error' });
  const { format, autoOrient } = await head.metadata().catch(unreadable);
  if (!formats.has(format)) throw new UnreadableImage(`expected a JPEG, PNG, WebP, GIF, TIFF or AVIF, found ${format}`);
  requireSides(autoOrient);
  return autoOrient;
}

/** By libvips, from its head on. */
async function shrunk(bytes: Uint8Array, { width, height }: Size, size: number, margin: number): Promise<Uint8Array> {
  const { left, top, ...scaled } = placeOfCrop(width, height, size, margin);
  const side = size + 2 * margin;
  const image = (await upright(bytes, MAX_PIXELS))
    .resize(scaled.width, scaled.height, { fit: 'fill', kernel: 'linear', fastShrinkOnLoad: false })
    .extract({ left, top, width: side, height: side });
  return (await pixelsOf(image)).data;
}

function middleOf(image: Pixels, size: number, margin: number): Uint8Array {
  if (image.width === size && image.height === size) return pad(image, margin, 'reflect').data;
  const { left, top, ...scaled } = placeOfCrop(image.width, image.height, size, margin);
  const side = size + 2 * margin;
  return resized(image, { left: 0, top: 0, width: image.width, height: image.height }, scaled, {
    ...{ left, top, width: side, height: side },
  }).data;
}

const becomesLarger = ({ width, height }: Size, size: number): boolean =>
  Math.min(width, height) < Math.round(size * SHORTER_SIDE);

/** Size of the scaled image, and where the crop begins; rounded as torchvision rounds. */
function placeOfCrop(width: number, height: number, size: number, beyond: number) {
  const shorter = Math.round(size * SHORTER_SIDE);
  const scaled = (side: number): number => Math.floor((shorter * side) / Math.min(width, height));
  const margin = (side: number): number => roundHalfToEven((side - size) / 2);
  const [w, h] = [scaled(width), scaled(height)];
  return { width: w, height: h, left: margin(w) - beyond, top: margin(h) - beyond };
}

const roundHalfToEven = (value: number): number => (value % 1 === 0.5 ? 2 * Math.round(value / 2) : Math.round(value));

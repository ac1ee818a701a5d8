import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { resized } from '../../data/augment/resize.js';
import { decodeImage, lookAtImage, UnreadableImage } from '../../data/images.js';
import { seededRandom } from '../support/random.js';

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
/** Made by test/references/resized_images.py. */
const reference = JSON.parse(readFileSync(fixture('images-resized.json'), 'utf8')) as {
  readonly size: number;
  readonly images: readonly { readonly file: string; readonly pixels: string }[];
};

describe('a decoded image equals what torchvision makes of it', () => {
  test.each(reference.images.map(({ file, pixels }) => [file, pixels]))('%s', async (file, pixels) => {
    const found = await decodeImage(await readFile(fixture(`images/${file}`)), reference.size);
    const expected = Buffer.from(pixels, 'base64');
    expect(found.length).toBe(expected.length);
    // Pillow rounds what it blends with white otherwise.
    expect(largestDifference(found, expected)).toBeLessThanOrEqual(file === 'alpha.png' ? 1 : 0);
  });

  test('one of more than a million pixels but for rounding', async () => {
    const { data, info } = await picture(1_300, 900).blur(2).raw().toBuffer({ resolveWithObject: true });
    const image = { data, width: info.width, height: info.height };
    const found = await decodeImage(
      await sharp(data, { raw: { ...image, channels: 3 } })
        .png()
        .toBuffer(),
      224,
    );
    const scaled = { width: Math.floor((256 * 1_300) / 900), height: 256 };
    const window = { left: Math.round((scaled.width - 224) / 2 - 0.5), top: 16, width: 224, height: 224 };
    const expected = resized(image, { left: 0, top: 0, width: 1_300, height: 900 }, scaled, window).data;
    expect(largestDifference(found, expected)).toBeLessThanOrEqual(2);
  });
});

const largestDifference = (a: Uint8Array, b: Uint8Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

const picture = (width: number, height: number) =>
  sharp({
    create: { width, height, channels: 3, background: '#336699', noise: { type: 'gaussian', mean: 128, sigma: 30 } },
  });

async function refusal(bytes: Uint8Array): Promise<string> {
  const error: unknown = await decodeImage(bytes, 16).then(
    () => new Error('accepted'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof UnreadableImage)) throw error;
  return error.message;
}

describe('an image is refused', () => {
  test.each([
    ['that is none', Buffer.from('hello'), 'Input buffer contains unsupported image format'],
    ['that is empty', Buffer.alloc(0), 'the file is empty'],
    [
      'that is a drawing',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="9" height="9"/></svg>'),
      'expected a JPEG, PNG, WebP, GIF, TIFF or AVIF, found svg',
    ],
  ])('%s', async (_, bytes, message) => {
    expect(await refusal(bytes)).toBe(message);
  });

  test('that is too small', async () => {
    const bytes = await picture(7, 40).png().toBuffer();
    expect(await refusal(bytes)).toBe('expected at least 8 pixels a side, found 7 x 40');
  });

  test.each(['jpeg', 'png', 'webp', 'gif', 'tiff'] as const)('that is a %s cut short', async (format) => {
    const bytes = await picture(200, 100).toFormat(format).toBuffer();
    expect(await decodeImage(bytes, 16)).toHaveLength(16 * 16 * 3);
    for (const share of [0.9, 0.5, 0.1]) {
      expect(await refusal(bytes.subarray(0, Math.floor(bytes.length * share)))).not.toBe('');
    }
  });

  test('that unpacks to billions of pixels, before it does', async () => {
    // A PNG of 60,000 x 60,000 by its head alone.
    const bytes = Buffer.from(await picture(16, 16).png().toBuffer());
    bytes.writeUInt32BE(60_000, 16);
    bytes.writeUInt32BE(60_000, 20);
    bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
    expect(await refusal(bytes)).toBe('Input image exceeds pixel limit');
  });
});

/** Of PNG chunks (RFC 2083). */
function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

describe('a look at an image finds what decoding it would', () => {
  const random = seededRandom(5);
  const [width, height] = [90, 70];
  const noise = Uint8Array.from({ length: width * height * 3 }, (_, i) => 100 * random() + ((i >> 6) % 128));
  const drawn = () => sharp(noise, { raw: { width, height, channels: 3 } });

  test.each([
    ['JPEG', () => drawn().jpeg()],
    ['progressive JPEG', () => drawn().jpeg({ progressive: true })],
    ['PNG', () => drawn().png()],
    ['WebP', () => drawn().webp()],
    ['GIF', () => drawn().gif()],
    ['TIFF', () => drawn().tiff()],
  ])('%s, cut short and with bytes changed', async (_, make) => {
    const whole = await make().toBuffer();
    const damaged = Array.from({ length: 40 }, (_, i) => {
      const bytes = Buffer.from(whole);
      if (i % 2 === 0) return bytes.subarray(0, Math.floor(bytes.length * random()));
      for (let changes = 0; changes < i % 5; changes++)
        bytes[Math.floor(bytes.length * random())]! ^= 1 + 254 * random();
      return bytes;
    });
    const faults = { looked: 0, decoded: 0 };
    for (const bytes of [whole, ...damaged]) {
      const { fault, fields } = await lookAtImage({ bytes, fault: null, place: '' });
      const decoded = await decodeImage(bytes, 24).then(
        () => null,
        (error: Error) => error,
      );
      expect(fault === null).toBe(decoded === null);
      expect(fields?.length ?? null).toBe(fault === null ? 243 : null);
      if (decoded) expect(decoded).toBeInstanceOf(UnreadableImage);
      faults.looked += Number(fault !== null);
      faults.decoded += Number(decoded !== null);
    }
    expect(faults.looked).toBeGreaterThan(10);
    expect(faults.looked).toBe(faults.decoded);
  });
});

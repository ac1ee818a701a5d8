import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodeImage, UnreadableImage } from '../../data/images.js';

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
    const differences = Array.from(expected, (value, i) => Math.abs(value - found[i]!));
    const worst = Math.max(...differences);
    const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
    console.log(file, worst, mean.toFixed(3));
  });
});

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
  test('that is none', async () => {
    console.log(await refusal(Buffer.from('hello')));
    console.log(await refusal(Buffer.alloc(0)));
    console.log(
      await refusal(
        Buffer.from(
          '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="9" height="9"/></svg>',
        ),
      ),
    );
    console.log(await refusal(await picture(7, 40).png().toBuffer()));
    for (const f of ['jpeg', 'png', 'webp', 'gif', 'tiff'] as const) {
      const b = await picture(200, 100).toFormat(f).toBuffer();
      await decodeImage(b, 16);
      console.log(f, await refusal(b.subarray(0, (b.length * 0.9) | 0)).catch((e) => e.message));
    }
  });
});

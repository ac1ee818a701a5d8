/** What becomes of folders of images: splits that the folders tell, images that are nearly the same, images that are too small. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileSource, type ByteSource } from '../../data/byte-source.js';
import { checkSource } from '../../data/inspect-source.js';
import type { ImagesManifest } from '../../data/manifest.js';
import { packImages } from '../../data/pack-images.js';
import { draw } from '../../training/counter-random.js';
import { prepared } from '../support/prepared.js';
import { jobOf } from './job-of.js';

let root: string;
let made = 0;
beforeAll(async () => (root = await mkdtemp(join(tmpdir(), 'temper-image-sources-'))));
afterAll(() => rm(root, { recursive: true }));

const jobWith = (data: object = {}) => jobOf(data, { task: 'image-classification' });

/** Smooth random colours, another for every seed. */
const picture = (seed: number, side = 64) =>
  sharp(
    Uint8Array.from({ length: 6 * 6 * 3 }, (_, i) => draw(seed, 1, i) % 256),
    { raw: { width: 6, height: 6, channels: 3 } },
  ).resize(side, side, { kernel: 'cubic', fit: 'fill' });
const png = (seed: number, side?: number): Promise<Buffer> => picture(seed, side).png().toBuffer();

async function photos(files: Readonly<Record<string, Uint8Array>>): Promise<ByteSource> {
  const folder = join(root, String(made++), 'photos');
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  const out = `${folder}.images`;
  await packImages({ path: folder, data: jobWith().data, out });
  return fileSource(out, 'photos');
}

async function manyPhotos(folders: readonly string[], each: number): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  for (const [k, name] of folders.entries())
    for (let i = 0; i < each; i++) files[`${name}/${i}.png`] = await png(100 * k + i);
  return files;
}

describe('folders that are named as splits', () => {
  const folders = ['train/cats', 'train/dogs', 'val/cats', 'val/dogs', 'test/cats', 'test/dogs'];

  test('are the splits, and what is in them the classes', async () => {
    const source = await photos(await manyPhotos(folders, 3));
    const job = jobWith({ split: { column: 'split' } });
    const { manifest, rows } = await prepared<ImagesManifest>({ source, format: 'images', imageSize: 8, job });
    expect(manifest.labels).toEqual(['cats', 'dogs']);
    expect(manifest.rows).toEqual({ train: 6, validation: 6, test: 6 });
    for (const { split, text } of rows)
      expect(text.startsWith(split === 'validation' ? 'val/' : `${split}/`)).toBe(true);
  });

  test('are told of where a job divides anew', async () => {
    const source = await photos(await manyPhotos(folders, 5));
    const { labels, warnings } = await checkSource({ source, format: 'images', job: jobWith() });
    expect(labels).toEqual(['cats', 'dogs']);
    expect(warnings).toContain(
      'the source says which rows train, validate and test (column `split`), but data.split divides them anew: set it to { column: split } to keep what the source says',
    );
    const kept = jobWith({ split: { column: 'split' } });
    expect((await checkSource({ source, format: 'images', job: kept })).warnings.join()).not.toContain('anew');
  });
});

describe('images', () => {
  test('that are nearly the same as one before are left out when asked', async () => {
    const source = await photos({
      ...(await manyPhotos(['cats', 'dogs'], 20)),
      'cats/again.jpg': await picture(3).jpeg({ quality: 60 }).toBuffer(),
      'dogs/half.png': await png(104, 32),
    });
    const job = jobWith({ clean: { nearDuplicates: {} } });
    const { manifest, rows } = await prepared<ImagesManifest>({ source, format: 'images', imageSize: 8, job });
    expect(manifest.cleaning).toMatchObject({ rowsRead: 42, droppedNearDuplicates: 2, droppedDuplicates: 0 });
    const texts = rows.map(({ text }) => text);
    expect(texts).toHaveLength(40);
    expect(texts).toEqual(expect.arrayContaining(['cats/3.png', 'dogs/4.png']));
    expect(texts.filter((text) => text === 'cats/again.jpg' || text === 'dogs/half.png')).toEqual([]);
    const all = await prepared<ImagesManifest>({ source, format: 'images', imageSize: 8, job: jobWith() });
    expect(all.manifest.cleaning.droppedNearDuplicates).toBe(0);
    expect(all.rows).toHaveLength(42);
  });

  test('that are nearly the same in two splits are told of by their paths', async () => {
    const source = await photos({
      ...(await manyPhotos(['train/cats', 'train/dogs', 'val/cats', 'val/dogs', 'test/cats', 'test/dogs'], 3)),
      'test/cats/again.jpg': await picture(1).jpeg({ quality: 80 }).toBuffer(),
    });
    const job = jobWith({ split: { column: 'split' } });
    const { warnings } = await checkSource({ source, format: 'images', job });
    expect(warnings.find((warning) => warning.includes('nearly the same'))).toMatch(
      /1 of the test split .*: photos\/test\/cats\/again\.jpg \(test\) and photos\/train\/cats\/1\.png \(train\), \d+ % the same/,
    );
  });

  test('with fewer pixels on a side than minImageSide are left out', async () => {
    const source = await photos({
      ...(await manyPhotos(['cats', 'dogs'], 20)),
      'cats/small.png': await png(300, 31),
      'dogs/flat.png': await picture(301).resize(64, 31, { fit: 'fill' }).png().toBuffer(),
      'dogs/just.png': await png(302, 32),
    });
    const job = jobWith({ clean: { minImageSide: 32 } });
    const { manifest, rows } = await prepared<ImagesManifest>({ source, format: 'images', imageSize: 8, job });
    expect(manifest.cleaning).toMatchObject({ rowsRead: 43, droppedSmall: 2 });
    const texts = new Set(rows.map(({ text }) => text));
    expect(texts.size).toBe(41);
    expect(['cats/small.png', 'dogs/flat.png', 'dogs/just.png'].filter((path) => texts.has(path))).toEqual([
      'dogs/just.png',
    ]);
  });
});

import { createHash } from 'node:crypto';
import { readdirSync, readlinkSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileSource, memorySource, type ByteSource } from '../../data/byte-source.js';
import { DataError } from '../../data/data-error.js';
import { decodeImage } from '../../data/images.js';
import { checkSource } from '../../data/inspect-source.js';
import type { ImagesManifest } from '../../data/manifest.js';
import { packImages } from '../../data/pack-images.js';
import { readContent } from '../../data/shards.js';
import { readRows } from '../../data/readers/read-rows.js';
import { prepared } from '../support/prepared.js';
import { jobOf } from './job-of.js';
import { inPieces } from '../support/in-pieces.js';

const job = jobOf({ image: 'file', label: 'kind' }, { task: 'image-classification' });
let root: string;
let made = 0;
beforeAll(async () => (root = await mkdtemp(join(tmpdir(), 'temper-pack-'))));
afterAll(() => rm(root, { recursive: true }));

const picture = (n: number, width = 12 + (n % 7), height = 12): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: { r: n % 256, g: (n * 7) % 256, b: (n * 31) % 256 } } })
    .png()
    .toBuffer();

/** Writes files; their paths are relative to a new folder, which is returned. */
async function folderOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const folder = join(root, String(made++), 'photos');
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

async function packed(path: string, name: string, given = job): Promise<ByteSource & { readonly images: number }> {
  const out = join(root, `${made++}.images`);
  const { images } = await packImages({ path, data: given.data, out });
  return { ...(await fileSource(out, name)), images };
}

async function classes(perClass: number): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  for (const [k, kind] of ['cats', 'dogs'].entries()) {
    for (let i = 0; i < perClass; i++) files[`${kind}/${i}.png`] = await picture(100 * k + i);
  }
  return files;
}

const refusal = async (source: ByteSource, given = job): Promise<string> => {
  const error: unknown = await checkSource({ source, format: 'images', job: given }).then(
    () => new Error('accepted'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof DataError)) throw error;
  return error.message;
};

test('what fails in its middle has closed its file, so that the folder can go', async () => {
  const out = join(root, 'failed.images');
  const opened = (): string[] =>
    readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return []; // that of the listing itself
      }
    });
  const open: boolean[] = [];
  const permitted = (path: string) => {
    open.push(opened().includes(out));
    return open.length < 3 ? Promise.resolve(path) : Promise.reject(new Error('no further'));
  };
  const packing = packImages({ path: await folderOf(await classes(2)), data: job.data, out, permitted });
  const after = await packing.catch((error: Error) => [error.message, opened().includes(out)]);
  expect(after).toEqual(['no further', false]);
  expect(open).toEqual([true, true, true]);
});

describe('a folder of images', () => {
  test('becomes one file, in the order of the names, whatever the order of writing', async () => {
    const files = {
      ...(await classes(4)),
      'cats/deep/x.png': await picture(9),
      'cats/notes.txt': 'no',
      '.DS_Store': 'no',
    };
    const one = await packed(await folderOf(files), 'photos');
    const two = await packed(await folderOf(Object.fromEntries(Object.entries(files).reverse())), 'photos');
    const digest = async (source: ByteSource): Promise<string> => {
      const hash = createHash('sha256');
      for await (const piece of source.open()) hash.update(piece);
      return hash.digest('hex');
    };
    expect(await digest(one)).toBe(await digest(two));
    expect(one.images).toBe(9);

    const rows = [];
    for await (const row of readRows(one, 'images')) rows.push(row);
    const paths = ['cats/0', 'cats/1', 'cats/2', 'cats/3', 'cats/deep/x', 'dogs/0', 'dogs/1', 'dogs/2', 'dogs/3'].map(
      (path) => `${path}.png`,
    );
    expect(rows.map(({ fields }) => fields)).toEqual(paths.map((path) => ({ file: path, kind: path.slice(0, 4) })));
    rows.forEach(({ image }, i) => {
      expect(Buffer.compare(image!.bytes, files[paths[i] as keyof typeof files] as Buffer)).toBe(0);
      expect(image).toMatchObject({ fault: null, place: `photos/${paths[i]}` });
    });
  });

  test('reads the same however its bytes are cut', async () => {
    const source = await packed(await folderOf(await classes(3)), 'photos');
    const bytes: Uint8Array[] = [];
    for await (const piece of source.open()) bytes.push(piece);
    const whole = Buffer.concat(bytes);
    const read = async (size: number) => {
      const cut = inPieces('photos', whole, size);
      const found = [];
      for await (const { number, line, fields, image } of readRows(cut, 'images')) {
        found.push([number, line, fields, createHash('sha256').update(image!.bytes).digest('hex')]);
      }
      return found;
    };
    const expected = await read(whole.length);
    for (const size of [1, 2, 7, 100, 1000]) expect(await read(size)).toEqual(expected);
  });

  test('cut short, or another file, is refused', async () => {
    const source = await packed(await folderOf(await classes(2)), 'photos');
    const pieces: Uint8Array[] = [];
    for await (const piece of source.open()) pieces.push(piece);
    const whole = Buffer.concat(pieces);
    for (const broken of [whole.subarray(0, whole.length - 5), whole.subarray(5), Buffer.from('a,b\n1,2\n')]) {
      expect(await refusal(memorySource('photos', broken))).toContain(
        'photos: expected packed images (temper-images/1)',
      );
    }
  });

  test.each([
    ['without images', { 'cats/a.txt': 'x' }, 'found no image in'],
    ['with images beside the classes', { 'cats/a.png': 'x', 'b.jpg': 'x' }, 'found b.jpg beside the folders'],
  ])('%s is refused', async (_, files, message) => {
    const folder = await folderOf(files);
    await expect(packImages({ path: folder, data: job.data, out: join(root, 'none') })).rejects.toThrow(message);
    await expect(packImages({ path: folder, data: job.data, out: join(root, 'none') })).rejects.toThrow(DataError);
  });
});

describe('a table of images', () => {
  const table = (rows: readonly string[]) => `file,kind,split,id\n${rows.map((row) => `${row}\n`).join('')}`;

  test('keeps its other columns and names the file by the line of the table', async () => {
    const files = await classes(3);
    const rows = Object.keys(files).flatMap((path, i) =>
      ['train', 'validation', 'test'].map((split) => `images/${path},${path.slice(0, 4)},${split},${split}-${i}`),
    );
    const folder = await folderOf({
      ...Object.fromEntries(Object.entries(files).map(([path, bytes]) => [`images/${path}`, bytes])),
      'list.csv': table(rows),
    });
    const given = jobOf({ image: 'file', label: 'kind', split: { column: 'split' } }, { task: 'image-classification' });
    const source = await packed(join(folder, 'list.csv'), 'list.csv', given);
    const { manifest, rows: found } = await prepared<ImagesManifest>({
      source,
      format: 'images',
      job: given,
      imageSize: 8,
    });
    expect(manifest).toMatchObject({ kind: 'images', target: 'class', labels: ['cats', 'dogs'], size: 8 });
    expect(manifest.rows).toEqual({ train: 6, validation: 6, test: 6 });
    for (const row of found) {
      const [split, i] = row.id.split('-');
      expect(row.split).toBe(split);
      expect(row.text).toBe(`images/${Object.keys(files)[Number(i)]}`);
    }
  });

  test('leaves out rows that cannot be read, and keeps them aside with their place', async () => {
    const files = await classes(3);
    const rows = Object.keys(files).map((path, i) => `images/${path},${path.slice(0, 4)},train,${i}`);
    const folder = await folderOf({
      ...Object.fromEntries(Object.entries(files).map(([path, bytes]) => [`images/${path}`, bytes])),
      'list.csv': table([rows[0]!, 'ragged,cats', ...rows.slice(1), 'also,ragged']),
    });
    const lenient = jobOf(
      { image: 'file', label: 'kind', badRows: { maxShare: 0.3 }, split: { train: 0.4, validation: 0.3, test: 0.3 } },
      { task: 'image-classification' },
    );
    const source = await packed(join(folder, 'list.csv'), 'list.csv', lenient);
    const { manifest } = await prepared<ImagesManifest>({ source, format: 'images', job: lenient, imageSize: 8 });
    expect(manifest.badRows.count).toBe(2);
    expect(manifest.badRows.first.map((said) => said.split(':', 2).join(':'))).toEqual(['list.csv:3', 'list.csv:9']);
    const { train, validation, test } = manifest.rows;
    expect(train + validation + test).toBe(rows.length);
    expect(await refusal(source)).toContain('list.csv:3: expected 4');
  });

  test('without the column is refused', async () => {
    const folder = await folderOf({ 'list.csv': 'path,kind\na.png,cats\n' });
    expect(await refusal(await packed(join(folder, 'list.csv'), 'list.csv'))).toContain(
      'list.csv: expected a column `file` (data.image), found `path` and `kind`',
    );
  });

  test('is told which files are missing', async () => {
    const folder = await folderOf({ 'list.csv': table(['a.png,cats,train,1', 'b.png,dogs,train,2']) });
    expect(await refusal(await packed(join(folder, 'list.csv'), 'list.csv'))).toBe(
      'list.csv: expected images, found 2 of 2 that cannot be used (at most 1 % may be left out): list.csv:2 (a.png): there is no such file; list.csv:3 (b.png): there is no such file',
    );
  });
});

describe('prepared images', () => {
  test('hold the pixels of every image once', async () => {
    const files = await classes(30);
    const source = await packed(await folderOf(files), 'photos');
    const { manifest, rows, paths } = await prepared<ImagesManifest>({ source, format: 'images', job, imageSize: 10 });
    expect(manifest.rows).toEqual({ train: 48, validation: 6, test: 6 });
    expect(new Set(rows.map(({ text }) => text))).toEqual(new Set(Object.keys(files)));
    for (const split of ['train', 'validation', 'test'] as const) {
      const [path] = paths[split];
      const { offsets, width } = (await readContent(path!)).byteOffsets('pixels');
      const bytes = await readFile(path!);
      const ours = rows.filter((row) => row.split === split);
      expect(width).toBe(300);
      for (const [i, { text }] of ours.entries()) {
        const found = bytes.subarray(offsets[i], offsets[i]! + width);
        expect(Buffer.compare(found, await decodeImage(files[text]!, 10))).toBe(0);
      }
    }
  });

  test('are the same bytes twice', async () => {
    const source = await packed(await folderOf(await classes(10)), 'photos');
    const input = { source, format: 'images', job, imageSize: 10 } as const;
    expect((await prepared(input)).manifest).toEqual((await prepared(input)).manifest);
  });

  test('leave out one unreadable image of a hundred, and tell of it', async () => {
    const files = { ...(await classes(60)), 'cats/bad.jpg': 'no image' };
    const source = await packed(await folderOf(files), 'photos');
    const report = await checkSource({ source, format: 'images', job });
    const first = ['photos/cats/bad.jpg: Input buffer contains unsupported image format'];
    expect(report.unreadable).toEqual({ count: 1, first });
    expect(report.warnings).toContainEqual(
      expect.stringMatching(/^one image is left out because it cannot be used: photos\/cats\/bad.jpg/),
    );
    expect(report.rows.train + report.rows.validation + report.rows.test).toBe(120);
    const { manifest, rows, folder } = await prepared<ImagesManifest>({ source, format: 'images', job, imageSize: 8 });
    expect(manifest.unreadable).toEqual({ count: 1, first });
    expect(JSON.parse(await readFile(join(folder, 'bad-rows.jsonl'), 'utf8'))).toEqual({
      place: 'photos/cats/bad.jpg',
      why: 'Input buffer contains unsupported image format',
      raw: '{"file":"cats/bad.jpg","kind":"cats"}',
    });
    expect(rows.some(({ text }) => text === 'cats/bad.jpg')).toBe(false);
  });

  test('that cannot be used are all kept aside and all judged, also where they are alike and duplicates go', async () => {
    const files: Record<string, Uint8Array | string> = { ...(await classes(30)) };
    const whole = Buffer.from(await picture(1));
    for (let i = 0; i < 4; i++) files[`cats/empty-${i}.png`] = '';
    files['dogs/short.png'] = whole.subarray(0, whole.length / 2);
    const source = await packed(await folderOf(files), 'photos');
    const wants = (data: object) =>
      jobOf(
        { image: 'file', label: 'kind', clean: { dropDuplicates: true }, ...data },
        { task: 'image-classification' },
      );
    await expect(checkSource({ source, format: 'images', job: wants({}) })).rejects.toThrow(
      'found 5 of 65 that cannot be used',
    );
    const lenient = wants({ badRows: { maxShare: 0.1 } });
    const input = { source, format: 'images', job: lenient, imageSize: 8 } as const;
    const { manifest, folder } = await prepared<ImagesManifest>(input);
    expect(manifest.unreadable.count).toBe(5);
    const kept = (await readFile(join(folder, 'bad-rows.jsonl'), 'utf8')).trimEnd().split('\n');
    expect(kept.map((line) => (JSON.parse(line) as { place: string }).place)).toEqual([
      ...Array.from({ length: 4 }, (_, i) => `photos/cats/empty-${i}.png`),
      'photos/dogs/short.png',
    ]);
  });

  test('stop the job when more than one of a hundred cannot be used', async () => {
    const files = { ...(await classes(60)), 'cats/bad.jpg': 'no image', 'dogs/tiny.png': await picture(1, 3, 3) };
    const message = await refusal(await packed(await folderOf(files), 'photos'));
    expect(message).toContain(
      'photos: expected images, found 2 of 122 that cannot be used (at most 1 % may be left out): ',
    );
    expect(message).toContain('photos/dogs/tiny.png: expected at least 8 pixels a side, found 3 x 3');
  });

  test('that are the same file are duplicates', async () => {
    const files = { ...(await classes(20)), 'cats/copy.png': await picture(0), 'dogs/copy.png': await picture(0) };
    const given = jobOf(
      { image: 'file', label: 'kind', clean: { dropDuplicates: true } },
      { task: 'image-classification' },
    );
    const { cleaning } = await checkSource({
      source: await packed(await folderOf(files), 'photos'),
      format: 'images',
      job: given,
    });
    expect(cleaning).toMatchObject({ droppedDuplicates: 2, droppedContradictions: 1 });
  });
});

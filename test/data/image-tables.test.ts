import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { localFiles, openLocal } from '../../activities/source/local.js';
import { readRows } from '../../data/readers/read-rows.js';
import type { Row } from '../../data/readers/row.js';
import { fixture } from '../support/image-model.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { jobOf } from './job-of.js';

/** Written by Hugging Face datasets and pyarrow: test/references/make_image_tables.py. */
const tables = fixture('image-tables');

async function imagesIn(place: string, data: object = {}): Promise<Row[]> {
  const local = await localFiles({
    job: jobOf(data, { task: 'image-classification' }),
    places: [place],
    sourceName: 'pictures',
    scratch: join(temporaryFolder(), 'scratch'),
    withBucket: () => Promise.reject(new Error('no S3 here')),
  });
  const rows = [];
  for await (const row of readRows(await openLocal(local), local.format)) rows.push(row);
  return rows;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const written = async (): Promise<string[]> =>
  (JSON.parse(await readFile(join(tables, 'images.json'), 'utf8')) as string[]).map((hex) =>
    sha256(Buffer.from(hex, 'hex')),
  );

test.each([
  ['hub', 'data/train-00000-of-00001.parquet, row 3 (2.png)', '2.png'],
  ['saved', 'data-00000-of-00001.arrow, row 3 (2.png)', '2.png'],
  ['bare.parquet', 'bare.parquet, row 3', 'bare.parquet, row 3'],
])('%s holds the files of its images, byte for byte, with their rows', async (name, place, path) => {
  const rows = await imagesIn(join(tables, name));
  const byNote = new Map(rows.map((row) => [row.fields['note'], row]));
  const expected = await written();
  expect(rows).toHaveLength(expected.length);
  for (const [i, digest] of expected.entries()) {
    const { image, fields } = byNote.get(`note ${i}`)!;
    expect(sha256(image!.bytes)).toBe(digest);
    expect(fields['label']).toBe(['cat', 'dog'][i % 2]);
  }
  const third = byNote.get('note 2')!;
  expect(third.image).toMatchObject({ place, fault: null });
  expect(third.fields['image']).toBe(path);
  if (name === 'hub') {
    expect(rows.map(({ fields }) => fields['split'])).toEqual([
      ...Array<string>(2).fill('test'),
      ...Array<string>(8).fill('train'),
      ...Array<string>(2).fill('validation'),
    ]);
  }
});

test('a column that is none of images is refused with its row', async () => {
  const numbers = imagesIn(fixture('tables/rows-zstd.parquet'), { image: 'score', label: 'kind' });
  await expect(numbers).rejects.toThrow(
    'rows-zstd.parquet, row 1: expected an image in column `score` (its bytes, its path, or both as Hugging Face datasets keep them), found a number',
  );
});

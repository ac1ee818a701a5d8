import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { localFiles, openLocal } from '../../../activities/source/local.js';
import { readRows } from '../../../data/readers/read-rows.js';
import { withBucket, type ObjectStore } from '../../../storage/object-store.js';
import { jobOf } from '../../data/job-of.js';
import { fixture } from '../../support/image-model.js';
import { startS3Server, type S3Server } from '../../support/s3-server.js';
import { makeTemporaryFolder, removeFolder, temporaryFolder } from '../../support/temporary-folder.js';

const NAMES = ['cats/1.png', 'cats/2.png', 'dogs/1.png'];
let server: S3Server;
let store: ObjectStore;
let folder: string;

const put = async (key: string, content: string | Uint8Array): Promise<void> => {
  await store.put(key, typeof content === 'string' ? Buffer.from(content) : content);
};

beforeAll(async () => {
  server = await startS3Server();
  store = server.open();
  folder = makeTemporaryFolder();
  for (const [i, name] of NAMES.entries()) {
    const background = { r: 80 * i, g: 9, b: 200 };
    const image = await sharp({ create: { width: 12, height: 8, channels: 3, background } })
      .png()
      .toBuffer();
    mkdirSync(join(folder, dirname(name)), { recursive: true });
    writeFileSync(join(folder, name), image);
    await put(`photos/${name}`, image);
  }
  await put('photos/cats/readme.txt', 'no image');
});
afterAll(async () => {
  removeFolder(folder);
  await server.stop();
});

const bucket = () => server.settings.bucket;

async function packed(place: string, data: object = {}) {
  const local = await localFiles({
    job: jobOf(data, { task: 'image-classification' }),
    places: [place],
    sourceName: 'photos',
    scratch: join(temporaryFolder(), 'scratch'),
    withBucket: (name, use) => withBucket(server.settings, name, use),
  });
  return { local, bytes: await readFile(local.files[0]!.path) };
}

async function rowsOf(place: string) {
  const { local } = await packed(place);
  const rows = [];
  for await (const { image, fields } of readRows(await openLocal(local), local.format))
    rows.push([image!.place, image!.fault, fields['label']]);
  return rows;
}

test.each(['photos', 'photos/'])(
  'a folder on S3 (%s) gives the bytes that the same folder on a disk gives',
  async (key) => {
    const there = await packed(`s3://${bucket()}/${key}`);
    const here = await packed(folder);
    expect(there.bytes.equals(here.bytes)).toBe(true);
  },
);

test('of a table on S3 the files that it names are fetched; what is missing is told as of any table', async () => {
  await put('photos/list.csv', 'image,label\ncats/1.png,cat\ncats/9.png,cat\n./dogs/1.png,dog\n');
  expect(await rowsOf(`s3://${bucket()}/photos/list.csv`)).toEqual([
    ['photos:2 (cats/1.png)', null, 'cat'],
    ['photos:3 (cats/9.png)', 'there is no such file', 'cat'],
    ['photos:4 (./dogs/1.png)', null, 'dog'],
  ]);
});

test('a table from elsewhere names no files of this machine', async () => {
  for (const [name, path] of [
    ['absolute', join(folder, 'cats/1.png')],
    ['upwards', '../../../../../../../../../../../../../etc/hostname'],
  ] as const) {
    await put(`photos/${name}.csv`, `image,label\n${path},cat\n`);
    await expect(rowsOf(`s3://${bucket()}/photos/${name}.csv`)).rejects.toThrow(
      /expected names of objects beside s3:\/\/.*csv, found \//,
    );
  }
});

test('images in the cells of a table on S3 are read as those of a table on a disk', async () => {
  const table = fixture('image-tables/bare.parquet');
  await put('tables/bare.parquet', await readFile(table));
  const there = await packed(`s3://${bucket()}/tables/bare.parquet`);
  expect(there.bytes.equals((await packed(table)).bytes)).toBe(true);
});

test('what is not there, or holds no images, is told by its own name', async () => {
  await expect(rowsOf(`s3://${bucket()}/nothing/`)).rejects.toThrow(`there is no object s3://${bucket()}/nothing/`);
  await expect(rowsOf('s3://no-such-bucket/photos/')).rejects.toThrow(/no-such-bucket .*the bucket does not exist/);
  await put('texts/a/1.txt', 'no image');
  await expect(rowsOf(`s3://${bucket()}/texts/`)).rejects.toThrow(`found no image in s3://${bucket()}/texts`);
});

import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { featureColumns, imageColumns, tokenColumns, type ShardColumns } from '../../data/shard-columns.js';
import { indexShards } from '../../data/shard-index.js';
import { shardRows } from '../../data/shard-rows.js';
import { shardWriter } from '../../data/shard-writer.js';
import { readContent } from '../../data/shards.js';

/** 2,500 rows in shards of 1,100: batches of 1,024 and 76, and a last shard of 300. */
const ROWS = 2500;

async function shards(columns: ShardColumns, row: (i: number) => Record<string, number | Int32Array>) {
  const folder = await mkdtemp(join(tmpdir(), 'temper-index-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const writer = shardWriter(folder, 'train', columns, 1100);
  for (let i = 0; i < ROWS; i++) await writer.write({ id: `${i}`, text: 't'.repeat(i % 5), ...row(i) } as never);
  const paths = (await writer.close()).map(({ name }) => join(folder, name));
  expect(paths).toHaveLength(3);
  return paths;
}

const asBytes = (values: Int32Array | Float32Array | Uint8Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

test('every list of every shard is found in its file, the empty ones too', async () => {
  const tokensOf = (i: number) => Int32Array.from({ length: (i * 7) % 13 }, (_, j) => i * 100 + j);
  const paths = await shards(tokenColumns('class', true), (i) => ({
    ...{ tokens: tokensOf(i), types: tokensOf(i).fill(1), label: i % 9 },
  }));
  const index = indexShards(paths, { stored: ['tokens', 'types'], held: ['label'] });
  const rows = shardRows(index);
  expect(index.rows).toBe(ROWS);
  expect(index.ints['label']).toEqual(Int32Array.from({ length: ROWS }, (_, i) => i % 9));
  for (let i = ROWS - 1; i >= 0; i--) {
    const found = new Int32Array(index.stored['tokens']!.lengths![i]!);
    rows.read('tokens', i, asBytes(found));
    expect(found).toEqual(tokensOf(i));
  }
  rows.close();
});

test('lists and numbers that are held are those of the shards', async () => {
  const paths = await shards(tokenColumns('classes', false), (i) => ({
    ...{ tokens: Int32Array.of(i), labels: Int32Array.from({ length: i % 3 }, (_, j) => j) },
  }));
  const { lists } = indexShards(paths, { stored: ['tokens'], held: ['labels'] });
  let row = 0;
  for (const path of paths) {
    const { values, offsets } = (await readContent(path)).lists('labels');
    for (let i = 0; i + 1 < offsets.length; i++, row++) {
      const found = lists['labels']!.values.subarray(lists['labels']!.offsets[row], lists['labels']!.offsets[row + 1]);
      expect([...found]).toEqual([...values.subarray(offsets[i], offsets[i + 1])]);
    }
  }
  expect(row).toBe(ROWS);
});

test('vectors and pixels are found by their width', async () => {
  const features = await shards(featureColumns('value', 3), (i) => ({
    features: Float32Array.of(i, i / 2, i / 4) as never,
    value: i / 8,
  }));
  const index = indexShards(features, { stored: ['features'], held: ['value'] });
  const found = new Float32Array(3);
  const rows = shardRows(index);
  for (const i of [0, 1023, 1024, 1099, 1100, 2499]) {
    rows.read('features', i, asBytes(found));
    expect(found).toEqual(Float32Array.of(i, i / 2, i / 4));
    expect(index.floats['value']![i]).toBe(i / 8);
  }
  rows.close();

  const pixels = await shards(imageColumns('class', 1), (i) => ({
    pixels: new Uint8Array(3).fill(i % 256) as never,
    label: 0,
  }));
  const images = shardRows(indexShards(pixels, { stored: ['pixels'], held: ['label'] }));
  const bytes = new Uint8Array(3);
  images.read('pixels', 1777, bytes);
  expect(bytes).toEqual(new Uint8Array(3).fill(1777 % 256));
  images.close();
});

test('an index holds a few bytes a row, whatever the rows hold', async () => {
  const paths = await shards(tokenColumns('class', false), (i) => ({ tokens: new Int32Array(100).fill(i), label: 1 }));
  const { stored, ints, firstRows, files } = indexShards(paths, { stored: ['tokens'], held: ['label'] });
  const tokens = stored['tokens']!;
  const bytes = [tokens.starts, tokens.lengths!, ints['label']!, firstRows, files].map((each) => each.byteLength);
  expect(bytes.reduce((sum, each) => sum + each) / ROWS).toBeLessThan(9);
});

test('what is no shard, lacks a column or was cut short is told with its file', async () => {
  const paths = await shards(tokenColumns('class', false), (i) => ({ tokens: Int32Array.of(i), label: 1 }));
  expect(() => indexShards(paths, { stored: ['pixels'], held: [] })).toThrow(
    `${paths[0]}: a shard lacks the column pixels`,
  );
  const index = indexShards(paths, { stored: ['tokens'], held: [] });
  await truncate(paths[0]!, 5000);
  expect(() => indexShards(paths, { stored: ['tokens'], held: [] })).toThrow('expected an Arrow file');
  expect(() => shardRows(index).read('tokens', 1090, new Uint8Array(4))).toThrow('the file was cut short');
  await writeFile(paths[0]!, 'x');
  expect(() => indexShards(paths, { stored: ['tokens'], held: [] })).toThrow(paths[0]);
});

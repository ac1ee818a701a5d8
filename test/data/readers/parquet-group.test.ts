import type { ColumnMetaData, FileMetaData } from 'hyparquet';
import { expect, test } from 'vitest';
import { memorySource, type ByteSource } from '../../../data/byte-source.js';
import { readGroup } from '../../../data/readers/parquet-group.js';

const column = (from: number, bytes: number, dictionary = 0) =>
  ({
    dictionary_page_offset: BigInt(dictionary),
    data_page_offset: BigInt(from),
    total_compressed_size: BigInt(bytes),
  }) as unknown as ColumnMetaData;

const group = (...columns: ColumnMetaData[]) =>
  ({ columns: columns.map((meta_data) => ({ meta_data })) }) as unknown as FileMetaData['row_groups'][number];

/** Bytes that tell where they are, in small pieces; `asked`: the ranges that were opened. */
function watched(length: number) {
  const bytes = Uint8Array.from({ length }, (_, i) => i % 251);
  const asked: [number, number][] = [];
  const source: ByteSource = {
    ...memorySource('a.parquet', bytes),
    async *openRange(from, to) {
      asked.push([from, to]);
      for (let at = from; at < to; at += 700) yield bytes.subarray(at, Math.min(at + 700, to));
    },
  };
  return { bytes, asked, source };
}

test('columns beside each other are one request, those far away others; each is lent whole', async () => {
  const { bytes, asked, source } = watched(3 * 2 ** 20);
  const [a, b, far] = [column(2000, 1500), column(40, 1000, 30), column(2 * 2 ** 20, 5000)];
  const stored = await readGroup(source, group(a, b, far));
  expect(asked).toEqual([
    [30, 3500],
    [2 * 2 ** 20, 2 * 2 ** 20 + 5000],
  ]);
  expect(stored.of(a)).toEqual(bytes.subarray(2000, 3500));
  expect(stored.of(b)).toEqual(bytes.subarray(30, 1030));
  expect(new Uint8Array(stored.slice(2000, 3500))).toEqual(bytes.subarray(2000, 3500));
  expect(stored.slice(2000, 3500)).toBe(stored.slice(2000, 3500));
  const run = new Uint8Array(stored.slice(30, 3500));
  expect(run.subarray(0, 1000)).toEqual(bytes.subarray(30, 1030));
  expect(run.subarray(1000, 1970).every((byte) => byte === 0)).toBe(true);
  expect(run.subarray(1970)).toEqual(bytes.subarray(2000, 3500));
});

test.each([
  ['beyond the end', column(90, 20), 'a column beyond its end'],
  ['of a negative length', column(50, -20), 'a column beyond its end'],
  ['larger than memory', column(0, 2 ** 30), 'a row group of 1073741824 bytes'],
])('a column %s is refused before anything is read', async (_, meta, sentence) => {
  const { source, asked } = watched(100);
  const large = { ...source, bytes: sentence.includes('row group') ? 2 ** 31 : source.bytes };
  await expect(readGroup(large, group(meta))).rejects.toThrow(sentence);
  expect(asked).toEqual([]);
});

test('a file that became shorter meanwhile is an error', async () => {
  const { source } = watched(100);
  await expect(readGroup({ ...source, bytes: 200 }, group(column(50, 100)))).rejects.toThrow(
    '50 bytes less than it had',
  );
});

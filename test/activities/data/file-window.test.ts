import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { headOf } from '../../../activities/data/file-head.js';
import { openWindow } from '../../../activities/data/file-window.js';
import { fileSource, type ByteSource } from '../../../data/byte-source.js';
import { cutSource } from '../../../data/prepare/cut.js';
import { partSize } from '../../../data/prepare/part-size.js';
import type { SourcePart } from '../../../data/prepare/parts.js';
import { readRows } from '../../../data/readers/read-rows.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'temper-window-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const SMALL = { ...partSize, records: 3 };

const bytesOf = async (source: ByteSource, from: number, to: number): Promise<Buffer> => {
  const pieces: Uint8Array[] = [];
  for await (const piece of source.openRange(from, to)) pieces.push(piece);
  return Buffer.concat(pieces);
};
const rowsOf = async (source: ByteSource, format: 'csv' | 'jsonl', part: SourcePart) => {
  const rows: unknown[] = [];
  for await (const { line, fields } of readRows(source, format, { part })) rows.push([line, fields]);
  return rows;
};

it.each([
  ['csv', ['text,label', 'a,1', '"b\nb",2', 'c,3', 'd,4', 'e,5', 'f,6', 'g,7']],
  // A head that is longer than what is read of it at a time.
  ['csv', [Array.from({ length: 3_000 }, (_, i) => `c${i}`).join(), ...Array(7).fill('x,'.repeat(2_999))]],
  // Its first row is no row: that is for whoever reads the part to say.
  ['csv', ['text,label', 'a,1,2', 'b,2', 'c,3', 'd,4', 'e,5']],
  ['jsonl', Array.from({ length: 9 }, (_, i) => JSON.stringify({ text: `t${i}` }))],
] as const)('a part is read of the head and its own bytes alone: %s', async (format, lines) => {
  const path = join(folder, `rows.${format}`);
  await writeFile(path, `${lines.join('\n')}\n`);
  const source = await fileSource(path);
  const parts = await cutSource({ name: 'rows', files: [{ source, format }] }, { size: SMALL });
  expect(parts.length).toBeGreaterThan(1);
  const head = await headOf(path, { source, format });
  const headPath = join(folder, 'head');
  await writeFile(headPath, await bytesOf(source, 0, head.bytes));
  for (const part of parts.slice(1)) {
    const { from, to } = part;
    const partPath = join(folder, 'part');
    await writeFile(partPath, await bytesOf(source, from, to));
    const window = openWindow({
      ...{ name: source.name, bytes: source.bytes },
      here: { kind: 'part', head: { path: headPath, bytes: head.bytes }, part: { path: partPath, from, to } },
    });
    expect(await rowsOf(window, format, part)).toEqual(await rowsOf(source, format, part));
  }
});

it('bytes that are not here are a defect, not zeros', async () => {
  const path = join(folder, 'few');
  await writeFile(path, '0123456789');
  const here = { kind: 'part', head: { path, bytes: 2 }, part: { path, from: 50, to: 60 } } as const;
  const window = openWindow({ name: 'large.csv', bytes: 1_000, here });
  expect((await bytesOf(window, 52, 54)).toString()).toBe('23');
  await expect(bytesOf(window, 40, 55)).rejects.toThrow(/large\.csv: the bytes from 40 to 55 are wanted/);
  await expect(async () => {
    for await (const _ of window.open());
  }).rejects.toThrow(/only the first 2 bytes/);
});

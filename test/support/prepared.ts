import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { memorySource } from '../../data/byte-source.js';
import { datasetManifestSchema, type DatasetManifest } from '../../data/manifest.js';
import { prepareDataset, type PrepareInput } from '../../data/prepare.js';
import { readContent, readTexts, type ShardContent } from '../../data/shards.js';
import type { Split } from '../../data/split.js';

export const jsonl = (rows: readonly object[]) =>
  memorySource('a.jsonl', rows.map((row) => `${JSON.stringify(row)}\n`).join(''));

export interface PreparedRow {
  readonly split: Split;
  readonly id: string;
  readonly text: string;
  /** The row's cell of a list column. */
  readonly list: (column: string) => number[];
  readonly int: (column: string) => number;
}

/** Prepares a source in a folder of its own, which goes with the test, and reads every row back. */
export async function prepared<M extends DatasetManifest>(input: Omit<PrepareInput, 'outFolder'>) {
  const folder = await mkdtemp(join(tmpdir(), 'temper-prepared-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const manifest = (await prepareDataset({ ...input, outFolder: folder })) as M;
  expect(datasetManifestSchema.parse(manifest)).toEqual(manifest);
  const rows: PreparedRow[] = [];
  const paths: Record<Split, string[]> = { train: [], validation: [], test: [] };
  for (const { name, split, rows: count } of manifest.files) {
    const path = join(folder, name);
    paths[split].push(path);
    const content = await readContent(path);
    const texts = await readTexts(path);
    expect(content.rows).toBe(count);
    for (let row = 0; row < count; row++) {
      rows.push({
        split,
        id: texts.id(row),
        text: texts.text(row),
        list: (column) => listAt(content, column, row),
        int: (column) => content.int32(column)[row]!,
      });
    }
  }
  return { folder, manifest, rows, paths };
}

function listAt(content: ShardContent, column: string, row: number): number[] {
  const { values, offsets } = content.lists(column);
  return [...values.subarray(offsets[row], offsets[row + 1])];
}

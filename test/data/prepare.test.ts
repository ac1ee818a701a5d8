import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileSource, memorySource } from '../../data/byte-source.js';
import { DataError } from '../../data/data-error.js';
import { datasetManifestSchema, type TokensManifest } from '../../data/manifest.js';
import { prepareDataset } from '../../data/prepare.js';
import { readShard, type Shard } from '../../data/shards.js';
import { splits } from '../../data/split.js';
import { openTokenizer, type TextTokenizer } from '../../data/tokenize.js';
import { jobOf } from './job-of.js';

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const glossesJob = jobOf({ text: 'gloss', label: 'topic', maxLength: 16 });

let folder: string;
let tokenizer: TextTokenizer;
let made = 0;
const newFolder = (): string => join(folder, String(made++));
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'temper-prepare-'));
  tokenizer = await openTokenizer(fixture('tiny-bert'), glossesJob.data.maxLength);
});
afterAll(() => rm(folder, { recursive: true }));

interface PreparedRow {
  readonly id: string;
  readonly text: string;
  readonly tokens: number[];
  readonly label: string;
  readonly split: string;
}

const tokensOf = ({ tokens: { values, offsets } }: Shard, row: number): number[] => [
  ...values.subarray(offsets[row], offsets[row + 1]),
];

async function rowsOf(outFolder: string, manifest: Pick<TokensManifest, 'files' | 'labels'>): Promise<PreparedRow[]> {
  const rows: PreparedRow[] = [];
  for (const { name, split, rows: count } of manifest.files) {
    const shard = await readShard(join(outFolder, name));
    const texts = await shard.texts();
    expect(shard.rows).toBe(count);
    for (let row = 0; row < shard.rows; row++) {
      const label = manifest.labels[shard.labels[row]!]!;
      rows.push({ id: texts.id(row), text: texts.text(row), tokens: tokensOf(shard, row), label, split });
    }
  }
  return rows;
}

describe('the tiny glosses, prepared,', () => {
  let outFolder: string;
  let manifest: TokensManifest;
  let rows: PreparedRow[];
  let source: { id: string; gloss: string; topic: string }[];
  beforeAll(async () => {
    const path = fixture('tiny-glosses.jsonl');
    source = (await readFile(path, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    outFolder = newFolder();
    manifest = (await prepareDataset({
      source: await fileSource(path),
      job: glossesJob,
      tokenizer,
      outFolder,
    })) as TokensManifest;
    rows = await rowsOf(outFolder, manifest);
  });

  test('hold every row once, with its id, text, label and tokens', () => {
    const byId = new Map(rows.map((row) => [row.id, row]));
    expect(rows).toHaveLength(source.length);
    for (const { id, gloss, topic } of source) {
      expect(byId.get(id)).toMatchObject({ text: gloss, label: topic, tokens: [...tokenizer.encode(gloss)] });
    }
  });

  test('keep the order of the source within a split', () => {
    const order = new Map(source.map(({ id }, index) => [id, index]));
    for (const split of splits) {
      const places = rows.filter((row) => row.split === split).map(({ id }) => order.get(id)!);
      expect(places).toEqual([...places].sort((a, b) => a - b));
    }
  });

  test('have a manifest that counts them', () => {
    expect(datasetManifestSchema.parse(manifest)).toEqual(manifest);
    for (const split of splits) {
      const ours = rows.filter((row) => row.split === split);
      expect(manifest.rows[split]).toBe(ours.length);
      expect(manifest.rowsPerClass[split].reduce((a, b) => a + b)).toBe(ours.length);
      manifest.lengths[split].forEach((count, length) => {
        expect(ours.filter(({ tokens }) => tokens.length === length)).toHaveLength(count);
      });
      expect(manifest.cut[split]).toBeLessThanOrEqual(manifest.lengths[split][16] ?? 0);
    }
    expect(manifest.cut.train).toBeGreaterThan(0);
  });

  test('have files of the stated size and digest', async () => {
    for (const { name, sha256, bytes } of manifest.files) {
      const content = await readFile(join(outFolder, name));
      expect(content.byteLength).toBe(bytes);
      expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
    }
  });

  test('are the same bytes the next time', async () => {
    const again = await prepareDataset({
      source: await fileSource(fixture('tiny-glosses.jsonl')),
      job: glossesJob,
      tokenizer,
      outFolder: newFolder(),
    });
    expect(again).toEqual(manifest);
  });

  test('are split in another way by another seed', async () => {
    const job = { ...glossesJob, seed: 8 };
    const source = await fileSource(fixture('tiny-glosses.jsonl'));
    const other = await prepareDataset({ source, job, tokenizer, outFolder: newFolder() });
    expect(other.rows).toEqual(manifest.rows);
    expect(other.files).not.toEqual(manifest.files);
  });
});

test('no row is lost or doubled, whatever the texts, and the splits are disjoint', async () => {
  const row = fc.record({
    text: fc.string({ unit: 'grapheme' }),
    label: fc.constantFrom('a', 'b'),
    split: fc.constantFrom(...splits),
  });
  const everywhere = splits.flatMap((split) => ['a', 'b'].map((label) => ({ text: 'x', label, split })));
  const job = jobOf({ split: { column: 'split' }, clean: { dropEmpty: false } });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 20 }), async (some) => {
      const given = [...some, ...everywhere].map((cells, id) => ({ id: `row ${id}`, ...cells }));
      const source = memorySource('a.jsonl', given.map((cells) => `${JSON.stringify(cells)}\n`).join(''));
      const outFolder = newFolder();
      const manifest = await prepareDataset({ source, job, tokenizer, outFolder });
      const found = (await rowsOf(outFolder, manifest)).map(({ id, text, label, split }) => ({
        id,
        text,
        label,
        split,
      }));
      const sorted = (rows: { id: string }[]) => rows.sort((a, b) => (a.id < b.id ? -1 : 1));
      expect(sorted(found)).toEqual(sorted(given));
    }),
    { numRuns: 30 },
  );
});

test('a large split becomes several shards of many batches, and reads back', async () => {
  const rows = Array.from({ length: 52_000 }, (_, i) => `{"text":"row ${i}","label":"${i % 2}","split":"train"}`);
  const held = ['validation', 'test'].map((split) => `{"text":"x","label":"0","split":"${split}"}`);
  const outFolder = newFolder();
  const { files } = await prepareDataset({
    source: memorySource('a.jsonl', [...rows, ...held].join('\n')),
    job: jobOf({ split: { column: 'split' }, maxLength: 16 }),
    tokenizer,
    outFolder,
  });
  expect(files.map(({ name, rows: count }) => [name, count])).toEqual([
    ['train-00000.arrow', 50_000],
    ['train-00001.arrow', 2_000],
    ['validation-00000.arrow', 1],
    ['test-00000.arrow', 1],
  ]);
  const second = await readShard(join(outFolder, 'train-00001.arrow'));
  const texts = await second.texts();
  for (const row of [0, 1023, 1024, 1999]) {
    expect(texts.text(row)).toBe(`row ${50_000 + row}`);
    expect(texts.id(row)).toBe(String(50_001 + row)); // the row's number: there is no column id
    expect(tokensOf(second, row)).toEqual([...tokenizer.encode(`row ${50_000 + row}`)]);
    expect(second.labels[row]).toBe(row % 2);
  }
  expect(() => texts.text(2000)).toThrow('has 2000 rows, row 2000 was asked for');
});

test('progress is told, and ends with all rows', async () => {
  const told: number[] = [];
  const source = await fileSource(fixture('tiny-glosses.jsonl'));
  const onProgress = ({ rows }: { rows: number }) => void told.push(rows);
  const { cleaning } = await prepareDataset({ source, job: glossesJob, tokenizer, outFolder: newFolder(), onProgress });
  expect(told.at(-1)).toBe(cleaning.rowsRead);
  expect(told.length).toBeGreaterThan(1);
});

test('an aborted signal ends the work with its reason', async () => {
  const source = await fileSource(fixture('tiny-glosses.jsonl'));
  const signal = AbortSignal.abort(new Error('asked to stop'));
  await expect(prepareDataset({ source, job: glossesJob, tokenizer, outFolder: newFolder(), signal })).rejects.toThrow(
    'asked to stop',
  );
});

test('a source that changes between the passes is refused', async () => {
  const lines = await readFile(fixture('tiny-glosses.jsonl'), 'utf8');
  const source = memorySource('a.jsonl', lines);
  let opened = 0;
  const changing = {
    ...source,
    openRange: (from: number, to: number) =>
      memorySource('a.jsonl', opened++ === 0 ? lines : lines.replace('1', '2')).openRange(from, to),
  };
  const prepared = prepareDataset({ source: changing, job: glossesJob, tokenizer, outFolder: newFolder() });
  await expect(prepared).rejects.toThrow('a.jsonl: the file changed while it was read');
  await expect(prepared).rejects.toThrow(DataError);
});

test('rows that are added while it is read are left for the next time', async () => {
  const path = join(folder, 'growing.jsonl');
  const lines = await readFile(fixture('tiny-glosses.jsonl'), 'utf8');
  await writeFile(path, lines);
  const source = await fileSource(path);
  const growing = {
    ...source,
    openRange: async function* (from: number, to: number) {
      await appendFile(path, lines);
      yield* source.openRange(from, to);
    },
  };
  const { files } = await prepareDataset({ source: growing, job: glossesJob, tokenizer, outFolder: newFolder() });
  const once = memorySource('growing.jsonl', lines);
  const same = await prepareDataset({ source: once, job: glossesJob, tokenizer, outFolder: newFolder() });
  expect(files).toEqual(same.files);
});

test('a source that is not there, or a folder, is refused', async () => {
  await expect(fileSource(join(folder, 'no.jsonl'))).rejects.toThrow(/^data.source: there is no file .*no.jsonl$/);
  await expect(fileSource(folder)).rejects.toThrow('data.source: expected a file, found a folder');
});

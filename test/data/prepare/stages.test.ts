import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memorySource } from '../../../data/byte-source.js';
import { decideSource, prepareDataset, type Surveyor } from '../../../data/prepare.js';
import { assembleManifest } from '../../../data/prepare/assemble.js';
import { cutSource } from '../../../data/prepare/cut.js';
import { decideDataset } from '../../../data/prepare/decide.js';
import { encodePart, type EncodedPart } from '../../../data/prepare/encode.js';
import { filesOf } from '../../../data/prepare/parts.js';
import { surveyPart } from '../../../data/prepare/survey.js';
import { readContent, readTexts } from '../../../data/shards.js';
import { splits } from '../../../data/split.js';
import { jobSchema, type Job } from '../../../job/schema.js';

let folder: string;
let made = 0;
const newFolder = (): string => join(folder, String(made++));
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'temper-stages-'));
});
afterAll(() => rm(folder, { recursive: true }));

const tableJob = (data: object): Job =>
  jobSchema.parse({ name: 'a', task: 'tabular-classification', model: 'mlp', data: { source: 'a.csv', ...data } });

/** Rows with gaps, categories, doubles and contradictions. */
const table = fc
  .array(
    fc.record({
      n: fc.oneof(
        fc.constant(''),
        fc.integer({ min: -9, max: 9 }).map(String),
        fc.double({ noNaN: true, min: -1e6, max: 1e6 }).map(String),
      ),
      c: fc.constantFrom('', 'red', '"blue\n"', 'green'),
      label: fc.constantFrom('a', 'b', ''),
    }),
    { minLength: 30, maxLength: 90 },
  )
  .map((rows) => {
    const sure = ['a', 'b'].flatMap((label) =>
      Array.from({ length: 15 }, (_, i) => ({ n: `${i}.5${label === 'a' ? 1 : 2}`, c: 'red', label })),
    );
    return `n,c,label\n${[...sure, ...rows].map(({ n, c, label }) => `${n},${c},${label}\n`).join('')}`;
  });
const sizeOf = (bytes: number) => ({ firstBytes: bytes, bytes, records: 1e9 });

/** All that is in the shards, split by split, in order. */
async function contentOf(outFolder: string, files: readonly { name: string; split: string }[]) {
  const rows: unknown[] = [];
  for (const { name, split } of files) {
    const content = await readContent(join(outFolder, name));
    const texts = await readTexts(join(outFolder, name));
    const { values, width } = content.vectors('features');
    for (let row = 0; row < content.rows; row++) {
      const features = [...values.subarray(row * width, (row + 1) * width)];
      rows.push([split, texts.id(row), texts.text(row), content.int32('label')[row], features]);
    }
  }
  return rows;
}

async function prepared(text: string, job: Job, bytes: number) {
  const outFolder = newFolder();
  const { files, provenance, ...manifest } = await prepareDataset({
    source: memorySource('a.csv', text),
    job,
    outFolder,
    partSize: sizeOf(bytes),
  });
  return { rows: await contentOf(outFolder, files), manifest, parts: provenance!.cut.parts.length, files };
}

describe('a source in parts of any size', () => {
  test.each([
    ['', {}],
    [', without doubles', { clean: { dropDuplicates: true } }],
    [', split by hash', { split: { by: 'hash' } }],
  ])('gives the same rows in the same order, scaled by the same numbers%s', async (_, data) => {
    const job = tableJob(data);
    await fc.assert(
      fc.asyncProperty(table, fc.integer({ min: 1, max: 400 }), async (text, bytes) => {
        const whole = await prepared(text, job, 1e9).catch((error: Error) => error);
        if (whole instanceof Error) {
          await expect(prepared(text, job, bytes)).rejects.toThrow(whole.message);
          return;
        }
        const parted = await prepared(text, job, bytes);
        expect(whole.parts).toBe(1);
        expect(parted.parts).toBeGreaterThan(1);
        expect(parted.rows).toEqual(whole.rows);
        expect(parted.manifest).toEqual(whole.manifest);
      }),
      { numRuns: 8 },
    );
  });
});

describe('stages in any interleaving', () => {
  /** Surveys and encodes with so many at once, in the order that the draws tell. */
  async function interleaved(text: string, job: Job, atOnce: number, draws: readonly number[]) {
    const source = filesOf(memorySource('a.csv', text));
    const parts = await cutSource(source, { size: sizeOf(300) });
    const base = newFolder();
    const inTurns = async <T>(work: (part: (typeof parts)[number]) => Promise<T>): Promise<T[]> => {
      const waiting = [...parts];
      const results: T[] = [];
      const worker = async (offset: number): Promise<void> => {
        for (let turn = offset; waiting.length > 0; turn += atOnce) {
          const [part] = waiting.splice(draws[turn % draws.length]! % waiting.length, 1);
          results[part!.index] = await work(part!);
        }
      };
      await Promise.all(Array.from({ length: atOnce }, (_, offset) => worker(offset)));
      return results;
    };
    const surveys = await inTurns(async (part) => {
      const out = join(base, `survey-${part.index}`);
      await surveyPart({ source, part, job, compares: true, out });
      return out;
    });
    const decisionsFolder = join(base, 'decisions');
    const files = parts.map(() => ({ name: 'a.csv', format: 'csv' as const }));
    const decisions = await decideDataset({ surveys, files, job, sourceName: source.name, outFolder: decisionsFolder });
    const encoded: EncodedPart[] = await inTurns((part) =>
      encodePart({ source, part, job, decisions, decisionsFolder, outFolder: join(base, `part-${part.index}`) }),
    );
    for (const [index, { files }] of encoded.entries()) {
      for (const { name, bytes } of files)
        expect((await readFile(join(base, `part-${index}`, name))).byteLength).toBe(bytes);
    }
    return assembleManifest({ job, parts, decisions, encoded }).manifest;
  }

  test('of 1, 2 and 4 workers give the same digests', async () => {
    const job = tableJob({ clean: { dropDuplicates: true } });
    const rows = Array.from({ length: 200 }, (_, i) => `${i * 0.37},${['red', 'blue'][i % 2]},${'ab'[(i >> 1) % 2]}\n`);
    const text = `n,c,label\n${rows.join('')}`;
    const alone = await interleaved(text, job, 1, [0]);
    expect(alone.files.length).toBeGreaterThan(6);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2, 4),
        fc.array(fc.nat(50), { minLength: 7, maxLength: 20 }),
        async (atOnce, draws) => {
          expect(await interleaved(text, job, atOnce, draws)).toEqual(alone);
        },
      ),
      { numRuns: 5 },
    );
  });
});

describe('a split by hash', () => {
  test('is disjoint, loses no row, and moves none when rows are added', async () => {
    const job = tableJob({ split: { by: 'hash', key: 'id', train: 0.6, validation: 0.2, test: 0.2 } });
    const row = (i: number) => `${i},${i % 7},${'ab'[i % 2]}\n`;
    const text = (count: number) => `id,n,label\n${Array.from({ length: count }, (_, i) => row(i)).join('')}`;
    const splitOf = async (count: number) => {
      const { rows } = await prepared(text(count), job, 200);
      return new Map((rows as [string, string][]).map(([split, id]) => [id, split]));
    };
    const [before, after] = [await splitOf(100), await splitOf(150)];
    expect(before.size).toBe(100);
    expect(after.size).toBe(150);
    for (const [id, split] of before) expect(after.get(id)).toBe(split);
    expect(new Set(before.values())).toEqual(new Set(splits));
  });
});

describe('a source that others survey', () => {
  const job = tableJob({ clean: { dropEmpty: false, dropDuplicates: true }, leakage: 'off' });
  const rows = (count: number) =>
    Array.from({ length: count }, (_, i) => `${i * 0.37},${['red', 'blue'][i % 2]},${'ab'[(i >> 1) % 2]}\n`);
  const decided = (text: string, atOnce: number | null) => {
    const source = memorySource('a.csv', text);
    const late = async (index: number) => new Promise((resolve) => setTimeout(resolve, index % 2 === 0 ? 20 : 0));
    const surveyor: Surveyor = {
      atOnce: atOnce ?? 1,
      survey: async (task) => {
        await late(task.part.index);
        return surveyPart({ source: filesOf(source), ...task });
      },
    };
    return decideSource({ source, job, partSize: sizeOf(300), ...(atOnce !== null && { surveyor }) });
  };

  test('several parts at once is decided on as one that is read in turn', async () => {
    const text = `n,c,label\n${rows(200).join('')}`;
    const alone = await decided(text, null);
    expect(alone.parts.length).toBeGreaterThan(5);
    for (const atOnce of [1, 4]) expect(await decided(text, atOnce)).toEqual(alone);
  });

  test('says what is wrong with its first rows, also where a later part was found wrong before', async () => {
    const lines = rows(200);
    for (const row of [100, 130]) lines[row] = '1,red,\n';
    for (const atOnce of [1, 4])
      await expect(decided(`n,c,label\n${lines.join('')}`, atOnce)).rejects.toThrow('a.csv:102: expected a label');
  });
});

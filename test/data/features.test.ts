import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileSource, memorySource } from '../../data/byte-source.js';
import { DataError } from '../../data/data-error.js';
import { transformFitter } from '../../data/features/fit.js';
import { featureNames, featureVector } from '../../data/features/transform.js';
import { checkSource } from '../../data/inspect-source.js';
import { datasetManifestSchema, type FeaturesManifest } from '../../data/manifest.js';
import { prepareDataset } from '../../data/prepare.js';
import { readContent, readTexts } from '../../data/shards.js';
import { splits } from '../../data/split.js';
import { jobOf } from './job-of.js';

/** Made by test/references/scaling.py. */
interface Reference {
  readonly numeric: string[];
  readonly categorical: string[];
  readonly gaps: string[];
  readonly categories: string[][];
  readonly mean: number[];
  readonly price: { readonly mean: number; readonly deviation: number };
  readonly scales: readonly {
    readonly scale: 'z-score' | 'min-max' | 'none';
    readonly offset: number[];
    readonly divisor: number[];
    readonly vectors: Readonly<Record<string, number[]>>;
  }[];
}

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const reference = JSON.parse(readFileSync(fixture('table-scaled.json'), 'utf8')) as Reference;
const table = readFileSync(fixture('table.csv'), 'utf8');

let folder: string;
let made = 0;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'temper-features-'))));
afterAll(() => rm(folder, { recursive: true }));

const tableJob = (data: object, task = 'tabular-regression') =>
  jobOf({ label: 'price', split: { column: 'split' }, ...data }, { task, model: 'mlp' });
const chosen = { features: [...reference.numeric, ...reference.categorical] };

async function prepared(job: ReturnType<typeof jobOf>, source = memorySource('table.csv', table)) {
  const outFolder = join(folder, String(made++));
  const manifest = (await prepareDataset({ source, job, outFolder })) as FeaturesManifest;
  expect(datasetManifestSchema.parse(manifest)).toEqual(manifest);
  const rows = [];
  for (const { name, split } of manifest.files) {
    const content = await readContent(join(outFolder, name));
    const texts = await readTexts(join(outFolder, name));
    const { values, width } = content.vectors('features');
    const target = manifest.target === 'value' ? content.float32('value') : content.int32('label');
    for (let row = 0; row < content.rows; row++) {
      const vector = values.subarray(row * width, (row + 1) * width);
      rows.push({ id: texts.id(row), text: texts.text(row), split, vector, target: target[row]! });
    }
  }
  return { manifest, rows };
}

describe.each(reference.scales)('a table scaled by $scale equals what scikit-learn makes of it', (expected) => {
  let found: Awaited<ReturnType<typeof prepared>>;
  beforeAll(async () => (found = await prepared(tableJob({ ...chosen, scale: expected.scale }))));

  test('in its statistics, of the training rows alone', () => {
    const { numeric, categorical } = found.manifest.transform;
    expect(numeric.map(({ column }) => column)).toEqual(reference.numeric);
    numeric.forEach(({ mean, offset, divisor }, i) => {
      expect(mean / reference.mean[i]!).toBeCloseTo(1, 12);
      if (expected.offset[i] !== 0) expect(offset / expected.offset[i]!).toBeCloseTo(1, 12);
      expect(divisor / expected.divisor[i]!).toBeCloseTo(1, 9);
    });
    expect(numeric.filter(({ hasGaps }) => hasGaps).map(({ column }) => column)).toEqual(reference.gaps);
    expect(categorical.map(({ categories }) => categories)).toEqual(reference.categories);
  });

  test('in every value of every row', () => {
    expect(found.rows).toHaveLength(120);
    for (const { id, vector } of found.rows) {
      const wanted = expected.vectors[id]!;
      expect(vector).toHaveLength(wanted.length);
      vector.forEach((value, i) => {
        const tolerance = 2e-7 * Math.max(1, Math.abs(wanted[i]!)) + 1e-12;
        expect(Math.abs(value - wanted[i]!), `${id}, ${featureNames(found.manifest.transform)[i]}`).toBeLessThan(
          tolerance,
        );
      });
    }
  });

  test('and counts the categories that training never saw', () => {
    const unseen = { train: 0, validation: 0, test: 0 };
    for (const line of table.trim().split('\n').slice(1)) {
      if (line.includes('Ulm')) unseen[line.split(',').at(-1) as 'train']++;
    }
    expect(unseen.validation).toBeGreaterThan(0);
    expect(found.manifest.unseen).toEqual(unseen);
  });
});

describe('a table', () => {
  test('is learnt from by all its columns but label, id and split, types told by their values', async () => {
    const { features } = await checkSource({ source: await fileSource(fixture('table.csv')), job: tableJob({}) });
    expect(features).toEqual({
      numeric: ['age', 'constant', 'income', 'tiny'],
      categorical: ['city', 'group', 'job'],
    });
  });

  test('says the range of the numbers to predict', async () => {
    const { values, labels, kind, stepsPerEpoch } = await checkSource({
      source: memorySource('table.csv', table),
      job: tableJob(chosen),
    });
    expect([kind, labels, stepsPerEpoch]).toEqual(['features', [], 3]);
    const prices = table
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','));
    const train = prices.filter((cells) => cells.at(-1) === 'train').map((cells) => Math.fround(Number(cells[7])));
    expect(values!.train).toMatchObject({ min: Math.min(...train), max: Math.max(...train) });
    const { manifest } = await prepared(tableJob(chosen));
    expect(manifest.values!.train.mean).toBeCloseTo(reference.price.mean, 10);
    expect(manifest.values!.train.deviation).toBeCloseTo(reference.price.deviation, 10);
  });

  test('keeps every row once, with what a report shows', async () => {
    const { rows } = await prepared(tableJob(chosen));
    expect(new Set(rows.map(({ id }) => id)).size).toBe(120);
    const first = rows.find(({ id }) => id === 'r0')!;
    expect(first).toMatchObject({
      text: 'age=59, income=78400.77, constant=3.1, tiny=1.770994e-09, job=clerk, city=Oslo',
      target: Math.fround(113.861),
    });
  });

  test('gives the same bytes twice, and of other rows other bytes', async () => {
    const [one, two] = [await prepared(tableJob(chosen)), await prepared(tableJob(chosen))];
    expect(one.manifest).toEqual(two.manifest);
    const other = await prepared(tableJob(chosen), memorySource('table.csv', table.replace('78400.77', '78400.78')));
    expect(other.manifest.files).not.toEqual(one.manifest.files);
  });

  test('with classes has labels', async () => {
    const { manifest, rows } = await prepared(
      tableJob({ label: 'group', features: ['age', 'job'] }, 'tabular-classification'),
    );
    expect(manifest).toMatchObject({ target: 'class', labels: ['a', 'b', 'c'], values: null });
    for (const split of splits) {
      const counts = [0, 1, 2].map((label) => rows.filter((row) => row.split === split && row.target === label).length);
      expect(manifest.rowsPerClass[split]).toEqual(counts);
    }
  });

  test('split by fractions keeps twins together and is no function of the order of its rows', async () => {
    const job = jobOf({ features: ['age', 'job'], label: 'price' }, { task: 'tabular-regression', model: 'mlp' });
    const [head, ...lines] = table.trim().split('\n');
    const turned = memorySource('table.csv', [head, ...lines.slice(50), ...lines.slice(0, 50)].join('\n'));
    const before = new Map((await prepared(job)).rows.map(({ id, split }) => [id, split]));
    const after = await prepared(job, turned);
    for (const { id, split } of after.rows) expect(split).toBe(before.get(id));
    const splitOfText = new Map(after.rows.map(({ text, split }) => [text, split]));
    for (const { text, split } of after.rows) expect(split).toBe(splitOfText.get(text));
  });
});

async function refusal(text: string, data: object = {}): Promise<string> {
  const job = jobOf({ label: 'y', ...data }, { task: 'tabular-regression', model: 'mlp' });
  const error: unknown = await checkSource({ source: memorySource('t.csv', text), job }).then(
    () => new Error('accepted'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof DataError)) throw error;
  return error.message;
}
const rowsOf = (cell: (row: number) => string): string =>
  `a,b,y\n${Array.from({ length: 60 }, (_, row) => `${row},${cell(row)},${row}\n`).join('')}`;

describe('a table is refused', () => {
  test.each<[string, string, object, string]>([
    [
      'whose label is no number, with the line',
      rowsOf(() => 'x').replace('5,x,5\n', '5,x,five\n'),
      {},
      't.csv:7: expected a number in column `y`, found "five": write it as 1234.5, or leave the row out',
    ],
    [
      'with a column of texts',
      rowsOf((row) => `text ${row}`),
      {},
      't.csv: expected numbers or a few categories in column `b`, found 60 different values in 60 rows: to leave the column out, set data.features to those to learn from, such as `a`',
    ],
    [
      'with a stray text among numbers',
      rowsOf((row) => (row === 30 ? 'n/a' : String(row / 8))),
      { features: ['a', 'b'] },
      't.csv:32: expected a number in column `b`, as 59 of 60 rows have, found "n/a": leave the cell empty where there is none, or take `b` out of data.features',
    ],
    [
      'with a text in a column that the job says is of numbers',
      rowsOf((row) => (row === 30 ? '"1,5"' : '1')),
      { features: { numeric: ['b'] } },
      't.csv:32: expected a number in column `b` (data.features.numeric), found "1,5"',
    ],
    [
      'with a column without values',
      rowsOf(() => ''),
      { features: ['a', 'b'] },
      't.csv: expected values in column `b`, found none',
    ],
    [
      'without the columns that are named',
      rowsOf(() => 'x'),
      { features: ['c'] },
      'expected a column `c` (data.features[0])',
    ],
    [
      'without columns besides the label',
      `y\n${'1\n2\n'.repeat(20)}`,
      {},
      'expected columns with values to learn from besides the label, found none',
    ],
    [
      'with too many categories',
      `b,y\n${Array.from({ length: 1100 }, (_, row) => `c${row},1\n`).join('')}`,
      { features: { categorical: ['b'] } },
      'found more than 1000 different values in 1100 rows',
    ],
    [
      'with a number that no float32 holds',
      rowsOf(() => 'x').replace('5,x,5\n', '5,x,1e39\n'),
      {},
      't.csv:7: expected a number that a float32 holds in column `y`, found 1e39',
    ],
  ])('%s', async (_, text, data, message) => {
    expect(await refusal(text, data)).toContain(message);
  });

  test('unless an empty label may be dropped', async () => {
    const text = rowsOf(() => 'x').replace('5,x,5\n', '5,x,\n');
    const job = jobOf({ label: 'y' }, { task: 'tabular-regression', model: 'mlp' });
    const { cleaning } = await checkSource({ source: memorySource('t.csv', text), job });
    expect(cleaning.droppedEmpty).toBe(1);
    expect(await refusal(text, { clean: { dropEmpty: false } })).toContain(
      't.csv:7: expected a label, found an empty cell',
    );
  });
});

test('a column whose spread is rounding alone is constant, as scikit-learn has it', () => {
  const fitter = transformFitter({ numeric: ['a'], categorical: [] }, { scales: ['z-score'] });
  for (let row = 0; row < 10; row++) fitter.add({ a: 1e8 + (row % 2) * 1.5e-8 });
  expect(fitter.transform().numeric[0]).toMatchObject({ offset: expect.closeTo(1e8), divisor: 1 });
});

describe('a fitted transform', () => {
  const transform = {
    numeric: [{ column: 'age', mean: 40, offset: 40, divisor: 10, hasGaps: true }],
    categorical: [{ column: 'job', categories: ['', 'clerk'] }],
  };

  test('turns the cells of a new row into a vector', () => {
    expect(featureNames(transform)).toEqual(['age', 'age is missing', 'job is missing', 'job = clerk']);
    expect(featureVector(transform, { age: '50', job: 'clerk' }, 'row 1')).toEqual({
      values: Float32Array.of(1, 0, 0, 1),
      unseen: 0,
    });
    expect(featureVector(transform, {}, 'row 1')).toEqual({ values: Float32Array.of(0, 1, 1, 0), unseen: 0 });
  });

  test('gives zeros for a category that it never saw, and counts it', () => {
    expect(featureVector(transform, { age: 40, job: 'pilot' }, 'row 1')).toEqual({
      values: Float32Array.of(0, 0, 0, 0),
      unseen: 1,
    });
  });

  test('refuses a text for a number', () => {
    expect(() => featureVector(transform, { age: 'old' }, 'row 3')).toThrow(
      'row 3: expected a number in column `age`, found "old"',
    );
  });
});

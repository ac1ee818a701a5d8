import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memorySource } from '../../data/byte-source.js';
import { checkSource } from '../../data/inspect-source.js';
import { prepareDataset } from '../../data/prepare.js';
import { readTexts } from '../../data/shards.js';
import type { FeaturesManifest } from '../../data/manifest.js';
import { jobOf } from './job-of.js';

/** Made by test/references/cleaning.py. */
const reference = JSON.parse(readFileSync(new URL('../fixtures/cleaning.json', import.meta.url), 'utf8')) as {
  readonly numeric: string[];
  readonly categorical: string[];
  readonly fills: Readonly<Record<'mean' | 'median' | 'most-frequent', number[]>>;
  readonly categories: string[];
  readonly robust: { readonly offset: number[]; readonly divisor: number[] };
  readonly limits: Readonly<Record<'iqr' | 'z-score', [number[], number[]]>>;
  readonly outliers: string[];
  readonly complete: string[];
  readonly distinct: string[];
  readonly byTime: Readonly<Record<'train' | 'validation' | 'test', string[]>>;
  readonly clipped: readonly { readonly id: string; readonly scaled: number[] }[];
};
const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
const [table, visits] = [fixture('table.csv'), fixture('visits.csv')];

let folder: string;
let made = 0;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'temper-clean-'))));
afterAll(() => rm(folder, { recursive: true }));

/** Ids of a table's rows by split, as they were prepared. */
async function prepared(text: string, data: object) {
  const job = jobOf(
    { label: 'price', split: { column: 'split' }, features: [...reference.numeric, ...reference.categorical], ...data },
    { task: 'tabular-regression', model: 'mlp' },
  );
  const outFolder = join(folder, String(made++));
  const manifest = (await prepareDataset({ source: memorySource('t.csv', text), job, outFolder })) as FeaturesManifest;
  const ids: Record<'train' | 'validation' | 'test', string[]> = { train: [], validation: [], test: [] };
  for (const { name, split, rows } of manifest.files) {
    const texts = await readTexts(join(outFolder, name));
    for (let row = 0; row < rows; row++) ids[split].push(texts.id(row));
  }
  return { manifest, ids };
}
const near = (found: readonly number[], expected: readonly number[]) =>
  found.forEach((value, i) =>
    expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(1e-9 * Math.abs(expected[i]!)),
  );

describe('cells of a table are as scikit-learn and pandas make them', () => {
  test.each(['mean', 'median', 'most-frequent'] as const)(
    'gaps filled with the %s of the training rows',
    async (numbers) => {
      const { manifest } = await prepared(table, { clean: { missing: { numbers } } });
      near(
        manifest.transform.numeric.map(({ mean }) => mean),
        reference.fills[numbers],
      );
    },
  );

  test('gaps filled with a constant, or the most frequent category, without an indicator', async () => {
    const missing = {
      categories: 'most-frequent',
      columns: { age: { value: 40 }, city: { value: 'nowhere' } },
      indicator: false,
    };
    const { numeric, categorical } = (await prepared(table, { clean: { missing } })).manifest.transform;
    expect(numeric[0]).toMatchObject({ mean: 40, hasGaps: false });
    expect(categorical.map(({ fill }) => fill)).toEqual([reference.categories[0], 'nowhere']);
    expect(categorical[0]!.categories).not.toContain('');
  });

  test('rows with a gap dropped', async () => {
    const { ids, manifest } = await prepared(table, { clean: { missing: { columns: { age: 'drop', job: 'drop' } } } });
    expect(Object.values(ids).flat().sort()).toEqual([...reference.complete].sort());
    expect(manifest.cleaning.droppedGaps).toBe(120 - reference.complete.length);
  });

  test('scaled by median and quartiles', async () => {
    const { numeric } = (await prepared(table, { scale: 'robust' })).manifest.transform;
    near(
      numeric.map(({ offset }) => offset),
      reference.robust.offset,
    );
    near(
      numeric.map(({ divisor }) => divisor),
      reference.robust.divisor,
    );
  });

  test('scaled column by column', async () => {
    const { numeric } = (await prepared(table, { scale: 'robust' })).manifest.transform;
    const [first, ...others] = numeric.map(({ column }) => column);
    const scale = { numbers: 'robust', columns: { [first!]: 'none' } };
    const mixed = (await prepared(table, { scale })).manifest.transform.numeric;
    expect(mixed[0]).toMatchObject({ offset: 0, divisor: 1 });
    expect(mixed.slice(1)).toEqual(numeric.slice(1));
    const wrong = prepared(table, { scale: { columns: { [`${others[0]}s`]: 'none' } } });
    await expect(wrong).rejects.toThrow(`(data.scale.columns), found \`${others[0]}s\`; did you mean \`${others[0]}\``);
  });

  test.each([
    ['iqr', undefined],
    ['z-score', 2],
  ] as const)('clipped to the limits of the training rows by %s', async (method, limit) => {
    const { numeric } = (await prepared(table, { clean: { outliers: { method, limit } } })).manifest.transform;
    near(
      numeric.map(({ low }) => low!),
      reference.limits[method][0],
    );
    near(
      numeric.map(({ high }) => high!),
      reference.limits[method][1],
    );
  });

  test('clipped, then scaled', async () => {
    const { numeric } = (await prepared(table, { clean: { outliers: {} } })).manifest.transform;
    const rows = new Map(
      table
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => [line.split(',')[0]!, line.split(',').slice(1)]),
    );
    for (const { id, scaled } of reference.clipped) {
      numeric.forEach(({ mean, offset, divisor, low, high }, i) => {
        const cell = rows.get(id)![i]!;
        const value = cell === '' ? mean : Math.min(high!, Math.max(low!, Number(cell)));
        expect((value - offset) / divisor).toBeCloseTo(scaled[i]!, 8);
      });
    }
  });

  test('outliers dropped from the training rows alone', async () => {
    const [all, rest] = [await prepared(table, {}), await prepared(table, { clean: { outliers: { action: 'drop' } } })];
    expect(all.ids.train.filter((id) => !rest.ids.train.includes(id))).toEqual(reference.outliers);
    expect(rest.ids.test).toEqual(all.ids.test);
    expect(rest.manifest.cleaning.droppedOutliers).toBe(reference.outliers.length);
  });

  test.each([
    [{ missing: { columns: { agee: 'drop' } } }, 'found `agee`; did you mean `age`?'],
    [
      { missing: { columns: { job: 'mean' } } },
      'column `job` holds categories: expected `own`, `most-frequent`, `drop` or',
    ],
    [{ missing: { numbers: { value: 'none' } } }, 'column `age` holds numbers: expected `{ value: 0 }`'],
    [{ outliers: { columns: ['job'] } }, 'expected a column of numbers (data.clean.outliers.columns), found `job`'],
  ])('and %j is refused', async (clean, message) => {
    await expect(prepared(table, { clean })).rejects.toThrow(message);
  });
});

describe('rows of a table', () => {
  const byColumns = { features: { categorical: ['text'] }, label: 'label' };
  const rowsOf = async (data: object) => {
    const job = jobOf({ ...byColumns, ...data }, { task: 'tabular-classification', model: 'mlp' });
    const outFolder = join(folder, String(made++));
    const manifest = await prepareDataset({ source: memorySource('v.csv', visits), job, outFolder });
    const ids: Record<'train' | 'validation' | 'test', string[]> = { train: [], validation: [], test: [] };
    for (const { name, split, rows } of manifest.files) {
      const texts = await readTexts(join(outFolder, name));
      for (let row = 0; row < rows; row++) ids[split].push(texts.id(row));
    }
    return ids;
  };

  test('stay as pandas drop_duplicates keeps them', async () => {
    const ids = await rowsOf({ clean: { dropDuplicates: true } });
    expect(Object.values(ids).flat().sort()).toEqual([...reference.distinct].sort());
  });

  test('are split by time as sorted by pandas, the latest last', async () => {
    const ids = await rowsOf({ features: ['patient'], split: { by: 'time', key: 'day' } });
    expect(ids).toEqual(reference.byTime);
  });

  test('stay in their split when rows are added, where a hash of a key decides', async () => {
    const split = { by: 'hash', key: 'id', train: 0.6, validation: 0.2, test: 0.2 };
    const fewer = visits.split('\n').slice(0, 91).join('\n');
    const job = (source: string) => {
      const of = jobOf(
        { features: ['patient'], label: 'label', split },
        { task: 'tabular-classification', model: 'mlp' },
      );
      return prepareDataset({
        source: memorySource('v.csv', source),
        job: of,
        outFolder: join(folder, String(made++)),
      });
    };
    const [before, after] = [await job(fewer), await rowsOf({ features: ['patient'], split })];
    expect(before.rows.train).toBeGreaterThan(40);
    const first = (ids: readonly string[]) => ids.filter((id) => Number(id.slice(1)) < 90).length;
    expect([first(after.train), first(after.validation), first(after.test)]).toEqual(Object.values(before.rows));
  });

  test('of one group are in one split', async () => {
    const ids = await rowsOf({
      split: { by: 'group', key: 'patient', train: 0.6, validation: 0.2, test: 0.2 },
    });
    const patientOf = new Map(visits.split('\n').map((line) => [line.split(',')[0]!, line.split(',')[3]!]));
    const [train, validation, test] = [ids.train, ids.validation, ids.test].map(
      (of) => new Set(of.map((id) => patientOf.get(id))),
    );
    for (const patient of test!) expect(train!.has(patient) || validation!.has(patient)).toBe(false);
    for (const patient of validation!) expect(train!.has(patient)).toBe(false);
  });
});

describe('texts', () => {
  const body = (i: number) => `a report about the ${i} boats that left harbour ${i * 31} in the year ${1900 + i}`;
  const rows = Array.from({ length: 40 }, (_, i) => ({ text: body(i), label: i % 2 === 0 ? 'ships' : 'boats' }));
  const check = (given: readonly object[], data: object = {}) =>
    checkSource({
      source: memorySource('a.jsonl', given.map((row) => `${JSON.stringify(row)}\n`).join('')),
      job: jobOf(data),
    });

  test('that are nearly the same are dropped when asked', async () => {
    const twins = [
      ...rows,
      { text: `${body(3)}!!`, label: 'boats' },
      { text: `A ${body(4).toUpperCase()}`, label: 'ships' },
    ];
    expect((await check(twins)).cleaning.droppedNearDuplicates).toBe(0);
    const { cleaning, warnings } = await check(twins, { clean: { nearDuplicates: {} } });
    expect(cleaning.droppedNearDuplicates).toBe(2);
    expect(warnings.join()).not.toContain('nearly the same');
  });

  test('that are nearly the same in two splits are told of', async () => {
    const split = (i: number) => (i < 30 ? 'train' : i < 35 ? 'validation' : 'test');
    const given = rows.map((row, i) => ({ ...row, split: split(i) }));
    given[36] = { ...given[36]!, text: `${body(2)}.` };
    const { warnings } = await check(given, { split: { column: 'split' } });
    expect(warnings.filter((warning) => warning.includes('nearly the same'))).toEqual([
      '0 rows of the validation split and 1 of the test split are nearly the same in a split before, which makes the metrics look better than they are: a.jsonl:3 (train) and a.jsonl:37 (test), 100 % the same: set data.clean.nearDuplicates, or split by group',
    ]);
    const off = await check(given, { split: { column: 'split' }, leakage: 'off' });
    expect(off.warnings.join()).not.toContain('nearly the same');
  });

  test('outside the limits of length are left out', async () => {
    const { cleaning } = await check(
      [...rows, { text: 'short', label: 'ships' }, { text: 'w '.repeat(300), label: 'ships' }],
      {
        clean: { length: { minWords: 3, maxCharacters: 400 } },
      },
    );
    expect(cleaning).toMatchObject({ droppedShort: 1, droppedLong: 1 });
  });

  test('are cleaned before they are compared', async () => {
    const given = [...rows, { text: `<p>${body(3)}</p>\u200b`, label: 'boats' }];
    const clean = { dropDuplicates: true, stripHtml: true, dropControlCharacters: true };
    expect((await check(given, { clean })).cleaning.droppedDuplicates).toBe(1);
  });

  test('of classes that are spelt in several ways are told of, and merged when asked', async () => {
    const given = [...rows, { text: 'one more', label: 'Ships' }, { text: 'another', label: ' ships' }];
    const merged = await check(given, { clean: { labels: { merge: 'spelling' } } });
    expect(merged.labels).toEqual(['boats', 'ships']);
    const counts = Object.values(merged.rowsPerClass).reduce((sum, of) => sum + of[1]!, 0);
    expect(counts).toBe(22);
    const twice = [...given, ...given.slice(-2).map((row, i) => ({ ...row, text: `once more ${i}` }))];
    const { warnings } = await check(twice, { split: { train: 0.5, validation: 0.25, test: 0.25 } });
    expect(warnings.join()).toContain('the classes `ships`, ` ships` and `Ships` look like one');
  });
});

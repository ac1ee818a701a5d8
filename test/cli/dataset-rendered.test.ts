import { expect, test } from 'vitest';
import { renderDataset } from '../../cli/render/dataset.js';
import { datasetManifestSchema, type DatasetManifest } from '../../data/manifest.js';

const bySplit = <T>(train: T, validation: T, test: T) => ({ train, validation, test });
const sha256 = 'a'.repeat(64);
const cleaning = {
  ...{ rowsRead: 1_200, droppedEmpty: 0, droppedDuplicates: 0, droppedContradictions: 0, droppedNearDuplicates: 0 },
  ...{ droppedShort: 0, droppedLong: 0, droppedSmall: 0, droppedGaps: 0, droppedOutliers: 0 },
};
const common = {
  ...{ format: 'temper-dataset/3', labels: ['ham', 'spam'], rows: bySplit(900, 100, 100) },
  rowsPerClass: bySplit([450, 450], [50, 50], [50, 50]),
  ...{
    cleaning,
    badRows: { count: 0, first: [] },
    aliases: {},
    leakage: { rows: { validation: 0, test: 0 }, examples: [] },
  },
  files: [{ name: 'train-00000.arrow', split: 'train', rows: 900, sha256, bytes: 2048 }],
};
const tokens = {
  ...{ ...common, task: 'text-classification', target: 'class', kind: 'tokens', maxLength: 32, pairs: false },
  ...{ lengths: bySplit([0, 0, 900], [0, 0, 100], [0, 0, 100]), cut: bySplit(0, 0, 0), texts: bySplit(900, 100, 100) },
};
const number = { mean: 1, offset: 1, divisor: 2 };
const features = {
  ...{ ...common, task: 'tabular-classification', target: 'class', kind: 'features', width: 6, values: null },
  transform: {
    numeric: [
      { column: 'age', ...number, hasGaps: true },
      { column: 'income', ...number, hasGaps: false },
    ],
    categorical: [{ column: 'city', categories: ['Bern', 'Oslo', 'Rome'] }],
  },
  unseen: bySplit(0, 1, 2),
};

const rendered = (manifest: object): string => {
  const parsed: DatasetManifest = datasetManifestSchema.parse(manifest);
  return renderDataset(parsed, { digest: 'd', place: 's3://bucket/manifest.json' }).join('\n');
};
const lineOf = (name: string, manifest: object): string | undefined =>
  rendered(manifest)
    .split('\n')
    .find((line) => line.startsWith(`${name} `));

test('of rows without fault nothing is said but their counts', () => {
  expect(lineOf('left out', tokens)).toMatch(/^left out +none of 1,200 rows read$/);
  for (const name of ['leakage', 'spellings', 'cannot be read', 'numbers', 'unseen'])
    expect(lineOf(name, tokens)).toBeUndefined();
});

test('every reason for which rows were left out is told, with its rows', () => {
  const dropped = {
    ...{ droppedEmpty: 1, droppedDuplicates: 5, droppedContradictions: 3, droppedNearDuplicates: 4, droppedShort: 5 },
    ...{ droppedLong: 6, droppedSmall: 7, droppedGaps: 8, droppedOutliers: 9 },
  };
  const badRows = { count: 10, first: ['a.csv:3: …'] };
  const line = lineOf('left out', { ...tokens, badRows, cleaning: { ...cleaning, ...dropped } })!;
  const counts = [...line.matchAll(/(\d+) [a-z]/g)].map(([, rows]) => Number(rows));
  expect(counts.slice(0, 10)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test('spellings that were merged are told', () => {
  const aliases = { Spam: 'spam', ' spam': 'spam', HAM: 'ham' };
  expect(lineOf('spellings', { ...tokens, aliases })).toMatch(
    /^spellings +`Spam` and ` spam` taken as `spam`; `HAM` taken as `ham`$/,
  );
});

test('rows that are in two splits are told of, with their places; older data sets have lines alone', () => {
  const rows = (place: object) => [
    { split: 'train', line: 3, ...place },
    { split: 'test', line: 37 },
  ];
  const leakage = (place: object) => ({
    rows: { validation: 1, test: 2 },
    examples: [{ rows: rows(place), similarity: 0.914 }],
  });
  expect(lineOf('leakage', { ...tokens, leakage: leakage({ place: 'b.csv:3' }) })).toMatch(
    /1 row of validation and 2 of test are nearly the same in a split before: b\.csv:3 \(train\) and line 37 \(test\), 91 % the same$/,
  );
});

test('that leakage was not looked for is told, with how to', () => {
  expect(lineOf('leakage', { ...tokens, leakage: null })).toMatch(/not looked for; data\.leakage: on looks for it/);
});

test('the columns of a table are told as what they were taken for', () => {
  expect(lineOf('numbers', features)).toMatch(/^numbers +age \(with gaps\), income$/);
  expect(lineOf('categories', features)).toMatch(/^categories +city \(3\)$/);
  expect(lineOf('unseen', features)).toMatch(
    /3 cells of validation and test with a category that no training row has$/,
  );
});

import { describe, expect, test } from 'vitest';
import { memorySource } from '../../data/byte-source.js';
import { DataError } from '../../data/data-error.js';
import { checkSource } from '../../data/inspect-source.js';
import { jobOf } from './job-of.js';

type Cells = Record<string, unknown>;
const jsonl = (rows: readonly Cells[]) =>
  memorySource('a.jsonl', rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
const bySplit = { split: { column: 'split' } };

/** 20 rows of each class. */
const twoClasses = Array.from({ length: 40 }, (_, i) => ({ text: `row ${i}`, label: i % 2 === 0 ? 'b' : 'a' }));
const splitRow = (split: string, label: string, text = 'x') => ({ text, label, split });
const everywhere = ['train', 'validation', 'test'].flatMap((split) =>
  ['a', 'b'].map((label) => splitRow(split, label)),
);

const check = (rows: readonly Cells[], data: object = {}) => checkSource({ source: jsonl(rows), job: jobOf(data) });

async function refusal(rows: readonly Cells[], data: object = {}): Promise<string> {
  const error: unknown = await check(rows, data).then(
    () => new Error('accepted'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof DataError)) throw error;
  return error.message;
}

describe('the check of a source', () => {
  test('says what a run would train on', async () => {
    expect(await check(twoClasses)).toMatchObject({
      columns: ['text', 'label'],
      labels: ['a', 'b'],
      rowsRead: 40,
      rows: { train: 32, validation: 4, test: 4 },
      rowsPerClass: { train: [16, 16], validation: [2, 2], test: [2, 2] },
      stepsPerEpoch: 1,
    });
  });

  test('warns of a warm-up that is longer than the run', async () => {
    const { warnings } = await check(twoClasses);
    expect(warnings).toEqual([expect.stringContaining('train.warmupSteps is 50 but the run has 3 steps')]);
  });

  test('takes the split of a column', async () => {
    expect((await check(everywhere, bySplit)).rowsPerClass).toEqual({
      train: [1, 1],
      validation: [1, 1],
      test: [1, 1],
    });
  });

  test('reads numbers and booleans as labels', async () => {
    const rows = twoClasses.map(({ text, label }) => ({ text, label: label === 'a' ? 1 : true }));
    expect((await check(rows)).labels).toEqual(['1', 'true']);
  });

  test('orders labels by code units, whatever their order in the file', async () => {
    const rows = ['é', 'Z', 'a'].flatMap((label) =>
      Array.from({ length: 10 }, (_, i) => ({ text: `${label}${i}`, label })),
    );
    expect((await check(rows)).labels).toEqual(['Z', 'a', 'é']);
  });
});

describe('cleaning', () => {
  const dirty = [
    ...twoClasses,
    { text: ' ', label: 'a' },
    { text: 'y', label: null },
    twoClasses[0]!,
    { text: 'row 0', label: 'a' },
  ];

  test('drops rows without text or label, and counts them', async () => {
    const { cleaning, rows } = await check(dirty);
    expect(cleaning).toMatchObject({ droppedEmpty: 2, droppedDuplicates: 0, droppedContradictions: 0 });
    expect(rows.train + rows.validation + rows.test).toBe(42);
  });

  test('drops later rows of the same text when asked, and counts those that contradict', async () => {
    const { cleaning, rows } = await check(dirty, { clean: { dropDuplicates: true } });
    expect(cleaning).toMatchObject({ droppedEmpty: 2, droppedDuplicates: 2, droppedContradictions: 1 });
    expect(rows.train + rows.validation + rows.test).toBe(40);
  });

  test('never invents a label: with dropEmpty off a row without one is refused', async () => {
    expect(await refusal(dirty, { clean: { dropEmpty: false } })).toBe(
      'a.jsonl:42: expected a label, found an empty cell: fill it in, or set data.clean.dropEmpty to true',
    );
  });

  test('does not let a dropped row add a class or break the split column', async () => {
    const rows = [...everywhere, { text: '', label: 'c', split: 'nowhere' }];
    expect((await check(rows, bySplit)).labels).toEqual(['a', 'b']);
  });
});

describe('a source is refused', () => {
  test.each<[string, readonly Cells[], object, string]>([
    ['without rows', [], {}, 'a.jsonl: expected rows, found none'],
    [
      'with empty rows only',
      [{ text: '', label: 'a' }],
      {},
      'a.jsonl: expected rows with a text and a label, found none among 1 rows',
    ],
    [
      'without the text column',
      [{ gloss: 'x', label: 'a' }],
      { text: 'glos' },
      'a.jsonl: expected a column `glos` (data.text), found `gloss` and `label`; did you mean `gloss`?',
    ],
    [
      'without the label column',
      [{ text: 'x', klass: 'a' }],
      { label: 'topic' },
      'a.jsonl: expected a column `topic` (data.label), found `text` and `klass`; set data.label to one of them',
    ],
    [
      'without the split column',
      [{ text: 'x', label: 'a' }],
      bySplit,
      'a.jsonl: expected a column `split` (data.split.column), found `text` and `label`; set data.split.column to one of them',
    ],
    [
      'with one class',
      [{ text: 'x', label: 'a' }],
      {},
      'a.jsonl: expected at least two classes in column `label`, found only `a`',
    ],
    [
      'with a class that has no row to train on',
      [...everywhere, splitRow('test', 'c')],
      bySplit,
      'a.jsonl: expected rows of every class in the train split (column `split`), but class `c` has none',
    ],
    [
      'with a split that has no rows',
      everywhere.filter(({ split }) => split !== 'validation'),
      bySplit,
      'a.jsonl: expected rows in the validation split (column `split`), found none: write `validation` into that column of some rows, or leave data.split out: all rows are then divided anew',
    ],
    [
      'too small to be split',
      twoClasses.slice(0, 4),
      {},
      'a.jsonl: expected rows in the test split (data.split), found none: give it a larger fraction, or more rows',
    ],
    [
      'with an unknown split',
      [splitRow('dev', 'a')],
      bySplit,
      'a.jsonl:1: expected `train`, `validation` or `test` in column `split`',
    ],
    [
      'with a list for a label',
      [{ text: 'x', label: ['a'] }],
      {},
      'a.jsonl:1: expected a text in column `label`, found a list',
    ],
    [
      'whose labels are texts',
      Array.from({ length: 1500 }, (_, i) => ({ text: 'x', label: `sentence ${i}` })),
      {},
      'a.jsonl: expected classes in column `label`, found 1500 different values in 1500 rows: does data.label name the right column?',
    ],
  ])('%s', async (_, rows, data, message) => {
    expect(await refusal(rows, data)).toContain(message);
  });

  test('early, when a column is missing from the first 1,000 rows', async () => {
    let read = 0;
    const endless = async function* () {
      for (; ; read += 1300) yield new TextEncoder().encode('{"text":"x"}\n'.repeat(100));
    };
    const source = { name: 'a.jsonl', bytes: 1e12, open: endless, openRange: endless };
    await expect(checkSource({ source, job: jobOf({}) })).rejects.toThrow('expected a column `label`');
    expect(read).toBeLessThan(8 * 2 ** 20);
  });
});

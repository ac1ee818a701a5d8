import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { localFiles, openLocal } from '../../../activities/source/local.js';
import { readRows } from '../../../data/readers/read-rows.js';
import { jobOf } from '../../data/job-of.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'temper-gather-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, content: string | Uint8Array): void => {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), content);
};
const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/tables/${name}`, import.meta.url));

async function rowsOf(places: string[], data: object = {}) {
  const local = await localFiles({
    job: jobOf(data),
    places,
    sourceName: 'source',
    scratch: mkdtempSync(join(folder, 'scratch-')),
    withBucket: () => Promise.reject(new Error('there is no bucket here')),
  });
  const rows = [];
  for await (const row of readRows(await openLocal(local), local.format)) rows.push(row);
  return { format: local.format, rows };
}

test('a pattern gives the rows of its files, in the order of their names, each with its place', async () => {
  write('parts/b.csv', 'text,label\nb1,x\n');
  write('parts/a.csv', 'text,label\na1,x\na2,y\n');
  const { format, rows } = await rowsOf([join(folder, 'parts/*.csv')]);
  expect(format).toBe('files');
  expect(rows.map(({ number, place, fields }) => [number, place, fields['text']])).toEqual([
    [1, 'a.csv:2', 'a1'],
    [2, 'a.csv:3', 'a2'],
    [3, 'b.csv:2', 'b1'],
  ]);
});

test('a list gives what each of its entries gives', async () => {
  write('one.jsonl', '{"text":"1"}\n');
  write('two.csv', 'text\n2\n');
  const { rows } = await rowsOf([join(folder, 'one.jsonl'), join(folder, 'two.csv')]);
  expect(rows.map(({ fields }) => fields['text'])).toEqual(['1', '2']);
});

test('a packed file is read as what is in it', async () => {
  write('packed.csv.gz', gzipSync('text,label\nhello,x\n'));
  const { format, rows } = await rowsOf([join(folder, 'packed.csv.gz')]);
  expect(format).toBe('csv');
  expect(rows.map(({ fields }) => fields)).toEqual([{ text: 'hello', label: 'x' }]);
});

test('data.format says what a file is whose name does not', async () => {
  write('export.dat', 'text\tlabel\nhello\tx\n');
  const { rows } = await rowsOf([join(folder, 'export.dat')], { format: 'tsv' });
  expect(rows.map(({ fields }) => fields)).toEqual([{ text: 'hello', label: 'x' }]);
});

test('a folder of texts gives a row a file, with its class', async () => {
  write('mail/spam/1.txt', 'win\nnow');
  write('mail/ham/1.txt', 'hello');
  const { rows } = await rowsOf([join(folder, 'mail')], { text: 'body', label: 'kind' });
  expect(rows.map(({ fields }) => fields)).toEqual([
    { body: 'hello', kind: 'ham', path: 'ham/1.txt' },
    { body: 'win\nnow', kind: 'spam', path: 'spam/1.txt' },
  ]);
});

describe('a Hugging Face data set', () => {
  test.each(['saved', 'hub'])('that was %s gives its rows with their split', async (name) => {
    cpSync(fixture(name), join(folder, name), { recursive: true });
    const { rows } = await rowsOf([join(folder, name)]);
    expect(rows).toHaveLength(26);
    const train = rows.filter(({ fields }) => fields['split'] === 'train');
    expect(train).toHaveLength(20);
    expect(train[1]!.fields).toEqual({ text: 'weather 1', label: 'storm', tags: ['O', 'B'], split: 'train' });
  });
});

test.each([
  ['no.csv', 'there is no file'],
  ['none-*.csv', 'no file is named like'],
  ['a[.csv', 'a [ is never closed'],
  ['table.xlsx', 'expected a name that ends in'],
])('%s is refused: %s', async (name, message) => {
  write('table.xlsx', 'x');
  await expect(rowsOf([join(folder, name)])).rejects.toThrow(message);
});

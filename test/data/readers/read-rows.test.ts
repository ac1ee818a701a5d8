import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memorySource } from '../../../data/byte-source.js';
import { DataError } from '../../../data/data-error.js';
import { formatOf, readRows } from '../../../data/readers/read-rows.js';
import { inPieces } from '../../support/in-pieces.js';

async function rowsOf(name: string, content: string | Uint8Array) {
  const rows = [];
  for await (const row of readRows(memorySource(name, content))) rows.push(row);
  return rows;
}
const fieldsOf = async (name: string, content: string) => (await rowsOf(name, content)).map(({ fields }) => fields);

test.each([
  ['a.jsonl', 'jsonl'],
  ['a.b.CSV', 'csv'],
  ['x/y.tsv', 'tsv'],
  ['a.ndjson', 'jsonl'],
  ['a.json', 'json'],
  ['a.csv.gz', 'csv'],
  ['a.jsonl.zst', 'jsonl'],
  ['train-00000-of-00001.parquet', 'parquet'],
  ['a.feather', 'arrow'],
  ['data-00000-of-00001.arrow', 'arrow'],
  ['poems.txt', 'text'],
])('%s is read as %s', (name, format) => {
  expect(formatOf(name)).toBe(format);
});

test('a name of another ending is refused', () => {
  expect(() => formatOf('data.xlsx')).toThrow('.arrow, .feather or .txt (and .gz or .zst), found data.xlsx');
});

describe('JSON Lines', () => {
  test('gives rows with their lines; blank lines count as lines only', async () => {
    expect(await rowsOf('a.jsonl', '\ufeff{"a":"x"}\r\n\n{"a":1,"b":null}')).toEqual([
      { number: 1, line: 1, fields: { a: 'x' } },
      { number: 2, line: 3, fields: { a: 1, b: null } },
    ]);
  });

  test('reads the same rows however its bytes are cut', async () => {
    const value = fc.record({ text: fc.string({ unit: 'binary' }), label: fc.string({ unit: 'grapheme' }) });
    await fc.assert(
      fc.asyncProperty(fc.array(value), fc.integer({ min: 1, max: 9 }), async (values, size) => {
        const content = values.map((row) => `${JSON.stringify(row)}\n`).join('');
        const read = [];
        for await (const { fields } of readRows(inPieces('a.jsonl', content, size))) read.push(fields);
        // A lone surrogate cannot be written as UTF-8; JSON.stringify escapes it.
        expect(read).toEqual(values);
      }),
    );
  });

  test.each([
    ['{"a":1}\n{"a":}\n', 'a.jsonl:2: expected one JSON object on each line, found a line that is not JSON'],
    [
      '{"a":1}\n[1]\n',
      'a.jsonl:2: expected one JSON object on each line, such as {"text": "…", "label": "…"}, found a list',
    ],
    ['"a"\n', 'a.jsonl:1: expected one JSON object on each line, such as {"text": "…", "label": "…"}, found "a"'],
  ])('%j is refused with its line', async (content, message) => {
    await expect(rowsOf('a.jsonl', content)).rejects.toThrow(message);
    await expect(rowsOf('a.jsonl', content)).rejects.toBeInstanceOf(DataError);
  });
});

describe('tables', () => {
  test('have quoted cells that hold separators, quotes and newlines; a row has the line on which it begins', async () => {
    expect(await rowsOf('a.csv', 'text,label\n"a, ""b""\nc",x\nd,y\n')).toEqual([
      { number: 1, line: 2, fields: { text: 'a, "b"\nc', label: 'x' } },
      { number: 2, line: 4, fields: { text: 'd', label: 'y' } },
    ]);
  });

  test('keep cells as they are: spaces, numbers, quotes inside a word', async () => {
    expect(await fieldsOf('a.tsv', 'text\tlabel\n 5" pipe \t007\n')).toEqual([{ text: ' 5" pipe ', label: '007' }]);
  });

  test('take quotes as letters where they do not enclose a cell', async () => {
    expect(await fieldsOf('a.tsv', 'text\tlabel\n"yes" he said\t"a""b"\n')).toEqual([
      { text: '"yes" he said', label: 'a"b' },
    ]);
  });

  test('may begin with a byte order mark, end their lines with CR LF and have blank lines', async () => {
    expect(await rowsOf('a.csv', '\ufefftext,label\r\n\r\na,x\r\n')).toEqual([
      { number: 1, line: 3, fields: { text: 'a', label: 'x' } },
    ]);
  });

  test('read back what was written, however the bytes are cut', async () => {
    const cell = fc.string({ unit: 'grapheme' });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell), { minLength: 1 }),
        fc.integer({ min: 1, max: 9 }),
        async (rows, size) => {
          const quoted = (value: string): string => `"${value.replaceAll('"', '""')}"`;
          const content = [['a', 'b'], ...rows].map((row) => `${row.map(quoted).join(',')}\n`).join('');
          const read = [];
          for await (const { fields } of readRows(inPieces('a.csv', content, size)))
            read.push([fields['a'], fields['b']]);
          expect(read).toEqual(rows);
        },
      ),
    );
  });

  test.each([
    [
      'ragged, too long',
      'text,label\na,x\nb, c,y\n',
      'a.csv:3: expected 2 cells (`text` and `label`), found 3: put cells that hold the separator in double quotes',
    ],
    [
      'ragged, too short',
      'text,label\na\n',
      'a.csv:2: expected 2 cells (`text` and `label`), found 1: add the cells that lack',
    ],
    [
      'with a quote left open',
      'text,label\na,x\n"b,y\nc,z\n',
      'a.csv:3: a double quote is opened in this row and never closed',
    ],
    ['with a column named twice', 'text,text\na,b\n', 'a.csv:1: the column `text` is named twice: rename one of them'],
  ])('%s are refused with the line', async (_, content, message) => {
    await expect(rowsOf('a.csv', content)).rejects.toThrow(message);
    await expect(rowsOf('a.csv', content)).rejects.toBeInstanceOf(DataError);
  });
});

describe('a file that is not UTF-8 is refused:', () => {
  test.each([
    [
      'Latin-1',
      Uint8Array.from(
        [...'{"a":1}\n{"a":"caf', 0xe9, ...'"}\n'].map((c) => (typeof c === 'string' ? c.charCodeAt(0) : c)),
      ),
      'a.jsonl:2: expected UTF-8, found other bytes',
    ],
    ['a character cut at the end', Uint8Array.of(0x7b, 0x7d, 0x0a, 0xe2, 0x82), 'a.jsonl:2: expected UTF-8'],
    [
      'UTF-16',
      Uint8Array.of(0xff, 0xfe, 0x7b, 0x00),
      'a.jsonl:1: expected UTF-8, found UTF-16: save the file as UTF-8',
    ],
    ['gzip', Uint8Array.of(0x1f, 0x8b, 0x08, 0x00), 'a.jsonl: expected text, found a gzip archive'],
  ])('%s', async (_, bytes, message) => {
    await expect(rowsOf('a.jsonl', bytes)).rejects.toThrow(message);
  });
});

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memorySource, type ByteSource } from '../../../data/byte-source.js';
import { cutSource } from '../../../data/prepare/cut.js';
import { bytesOfPart, partSize } from '../../../data/prepare/part-size.js';
import { filesOf, readPart, type SourceFiles } from '../../../data/prepare/parts.js';
import { readRows } from '../../../data/readers/read-rows.js';
import { inPieces } from '../../support/in-pieces.js';

/** What comes out, or what is said of it. */
const outcome = <T>(work: Promise<T>): Promise<T | string> => work.catch((error: Error) => error.message);

const sizeOf = (bytes: number) => ({ firstBytes: bytes, bytes, records: 1e9 });

async function rowsOf(source: ByteSource) {
  const rows = [];
  for await (const { line, fields } of readRows(source)) rows.push({ line, fields });
  return rows;
}

async function rowsOfParts(source: SourceFiles, bytes: number) {
  const rows = [];
  for (const part of await cutSource(source, { size: sizeOf(bytes) })) {
    for await (const { line, fields } of readPart(source, part)) rows.push({ line, fields });
  }
  return rows;
}

/** Cells that hold all that a record's end could be mistaken for. */
const cell = fc.oneof(
  fc.constantFrom('', 'x', '"', 'a"b', ' "x"', '5" pipe'),
  fc
    .string({ unit: fc.constantFrom('a', ',', '\t', '"', '\n', '\r\n', 'é', '𝄞', ' '), maxLength: 8 })
    .map((text) => `"${text.replaceAll('"', '""')}"`),
  fc.constantFrom('"open" and on', '"a""b"', '""'),
);
const csvText = fc
  .record({
    mark: fc.constantFrom('', '\ufeff'),
    blank: fc.constantFrom('', '\n', '\r\n\n'),
    rows: fc.array(fc.tuple(cell, cell), { maxLength: 12 }),
    end: fc.constantFrom('\n', '\r\n'),
    last: fc.constantFrom('', '\n'),
  })
  .map(({ mark, blank, rows, end, last }) => {
    const records = ['a,"b\n,c"', ...rows.map((cells) => cells.join(','))];
    return `${mark}${blank}${records.join(end)}${last}`;
  });

describe('parts of a csv file', () => {
  test('have together just the rows of the file, whatever their size and however the bytes come', async () => {
    await fc.assert(
      fc.asyncProperty(
        csvText,
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 9 }),
        async (text, bytes, piece) => {
          const source = inPieces('a.csv', text, piece);
          expect(await outcome(rowsOfParts(filesOf(source), bytes))).toEqual(await outcome(rowsOf(source)));
        },
      ),
      { numRuns: 400 },
    );
  });

  test('follow each other without a gap, and carry the digest of their bytes', async () => {
    await fc.assert(
      fc.asyncProperty(csvText, fc.integer({ min: 1, max: 40 }), async (text, bytes) => {
        const whole = Buffer.from(text);
        const parts = await cutSource(filesOf(memorySource('a.csv', text)), { size: sizeOf(bytes) });
        let at = 0;
        for (const [index, part] of parts.entries()) {
          expect(part).toMatchObject({ index, file: 0, from: at });
          expect(part.sha256).toBe(createHash('sha256').update(whole.subarray(part.from, part.to)).digest('hex'));
          at = part.to;
        }
        expect(at).toBe(whole.length);
      }),
      { numRuns: 100 },
    );
  });

  test('but the last stay as they were when rows are added', async () => {
    await fc.assert(
      fc.asyncProperty(csvText, csvText, fc.integer({ min: 1, max: 40 }), async (text, more, bytes) => {
        const cut = (content: string) => cutSource(filesOf(memorySource('a.csv', content)), { size: sizeOf(bytes) });
        const before = await cut(`${text}\n`);
        const after = await cut(`${text}\n${more}`);
        expect(after.slice(0, before.length - 1)).toEqual(before.slice(0, -1));
      }),
      { numRuns: 100 },
    );
  });

  test('of the same rows but other columns are told apart', async () => {
    const cut = (head: string) => cutSource(filesOf(memorySource('a.csv', `${head}\n1,2\n3,4\n`)), { size: sizeOf(1) });
    const [a, b] = [await cut('a,b'), await cut('b,a')];
    expect(a[1]!.sha256).toBe(b[1]!.sha256);
    expect(a[1]!.headSha256).not.toBe(b[1]!.headSha256);
    expect(a[0]!.headSha256).toBeNull();
  });
});

test('parts of JSON Lines have together just the lines of the file', async () => {
  const rows = fc.array(fc.record({ text: fc.string({ unit: 'grapheme' }) }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(
      rows,
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 9 }),
      async (given, bytes, piece) => {
        const source = inPieces('a.jsonl', given.map((row) => `${JSON.stringify(row)}\n`).join('\n'), piece);
        expect(await rowsOfParts(filesOf(source), bytes)).toEqual(await rowsOf(source));
      },
    ),
    { numRuns: 100 },
  );
});

test('a part is full by its records, too', async () => {
  const source = filesOf(memorySource('a.jsonl', '{}\n'.repeat(10)));
  const parts = await cutSource(source, { size: { ...partSize, records: 4 } });
  expect(parts.map(({ firstLine, to }) => [firstLine, to])).toEqual([
    [1, 12],
    [5, 24],
    [9, 30],
  ]);
});

test('parts grow from 4 to 32 MiB, so that a small source has several', () => {
  const MiB = 2 ** 20;
  const sizes = Array.from({ length: 14 }, (_, index) => bytesOfPart(index, partSize) / MiB);
  expect(sizes).toEqual([4, 4, 4, 4, 8, 8, 8, 8, 16, 16, 16, 16, 32, 32]);
});

test('bytes that changed since they were cut are refused when they were read', async () => {
  const parts = await cutSource(filesOf(memorySource('a.jsonl', '{"a":1}\n')));
  const changed = filesOf(memorySource('a.jsonl', '{"a":2}\n'));
  const read = async () => {
    for await (const _ of readPart(changed, parts[0]!));
  };
  await expect(read()).rejects.toThrow('a.jsonl: the file changed while it was read');
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memorySource, type ByteSource } from '../../../data/byte-source.js';
import type { BadRow } from '../../../data/readers/bad-row.js';
import { readRows } from '../../../data/readers/read-rows.js';
import { readDamaged, samples } from '../../fuzz/read-damaged.js';

/** Seeds that once made a reader hang (Parquet pages without the length of their levels), one whose rejection nobody awaited, and one with a run of 2^29 levels. */
const FOUND = [[23773], [28918], [32558], [821069], [857745]] as const;

test.each(await samples())(
  '$name, damaged anyhow, gives rows or a sentence that says what is wrong',
  async (sample) => {
    // test/fuzz/main.ts goes on from here for as long as one likes.
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        await readDamaged(sample, seed);
      }),
      { numRuns: 25, seed: 6, interruptAfterTimeLimit: 4000, examples: FOUND.map(([seed]): [number] => [seed]) },
    );
  },
  30_000,
);

/** A file that is nowhere: `piece` again and again between a head and an end. */
const endless = (name: string, head: string, piece: string, bytes: number, end: string): ByteSource => {
  const chunk = Buffer.from(piece.repeat(Math.ceil(2 ** 20 / piece.length)));
  return {
    name,
    bytes,
    async *open() {
      yield Buffer.from(head);
      for (let at = 0; at < bytes; at += chunk.length) yield chunk;
      yield Buffer.from(end);
    },
    openRange: () => {
      throw new Error('it is read from the start');
    },
  };
};

/** Tells the largest size that the process had while the source was read. */
function watched(source: ByteSource) {
  let peak = 0;
  const open = async function* () {
    let pieces = 0;
    for await (const piece of source.open()) {
      yield piece;
      if (++pieces % 16 === 0) peak = Math.max(peak, process.memoryUsage.rss());
    }
  };
  return { source: { ...source, open }, peakBytes: () => peak };
}

async function read(source: ByteSource, tell: boolean) {
  const bad: BadRow[] = [];
  let rows = 0;
  for await (const _ of readRows(source, undefined, tell ? { onBadRow: (row) => bad.push(row) } : {})) rows++;
  return { rows, bad };
}

describe('a line without an end', () => {
  const LONG = 2 ** 27;
  const LONGEST = 2 ** 31;
  test.each([
    ['a.csv', 'text,label\na,b\n', 'x', '\nc,d\n'],
    ['a.jsonl', '{"text":"a"}\n', 'x', '\n{"text":"b"}\n'],
    ['a.txt', 'a\n', 'x', '\nb\n'],
    ['a.json', '[{"text":"a"},{"text":"', 'x', '"},{"text":"b"}]'],
  ])('of %s, 2 GiB long, is passed over in bounded memory, and told of', async (name, head, piece, end) => {
    const before = process.memoryUsage.rss();
    const { source, peakBytes } = watched(endless(name, head, piece, LONGEST, end));
    const { rows, bad } = await read(source, true);
    expect(rows).toBe(2);
    expect(bad).toHaveLength(1);
    expect(bad[0]!.why).toContain('longer than 16 Mi characters');
    expect(peakBytes() - before).toBeLessThan(2 ** 28 + 2 ** 27);
  });

  test('is an error at once when nobody is told', async () => {
    const source = endless('a.jsonl', '', 'x', LONG, '\n');
    await expect(read(source, false)).rejects.toThrow('a.jsonl:1: the line is longer than 16 Mi characters');
  });

  test('of a quote that is never closed is an error', async () => {
    const source = endless('a.csv', 'text,label\n"', 'x\n', LONG, '');
    await expect(read(source, true)).rejects.toThrow('a.csv:2: a double quote is opened in this row and never closed');
  });
});

test('a CSV of 100,000 columns is read', async () => {
  const header = Array.from({ length: 100_000 }, (_, i) => `c${i}`).join(',');
  const row = '1,'.repeat(99_999);
  const { rows } = await read(memorySource('a.csv', `${header}\n${`${row}2\n`.repeat(3)}${row}\n`), true);
  expect(rows).toBe(4);
});

test.each([
  ['a.jsonl', `{"text":${'['.repeat(1_000_000)}\n{"text":"b"}\n`],
  ['a.json', `[{"text":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}},{"text":"b"}]`],
])('%s of lists in lists a million deep is read', async (name, content) => {
  const { rows, bad } = await read(memorySource(name, content), true);
  expect(rows + bad.length).toBe(2);
});

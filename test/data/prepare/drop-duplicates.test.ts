import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { contentKey } from '../../../data/content-key.js';
import { dropDuplicates } from '../../../data/prepare/drop-duplicates.js';
import { factsCollector, rowStates, type FactsBatch, type RowFacts } from '../../../data/prepare/facts.js';
import { droppedFor, UNDECIDED } from '../../../data/prepare/verdicts.js';

interface Given {
  readonly text: string;
  readonly label: number;
  readonly isEmpty: boolean;
}

const factsOf = ({ text, label, isEmpty }: Given): RowFacts => ({
  ...{ state: isEmpty ? 'empty' : 'sound', content: contentKey(text), labelKey: label, order: 0, classes: [] },
  ...{ value: NaN, split: 0, sketch: null, line: 1, place: null },
});

async function* batchesOf(rows: readonly Given[], size: number): AsyncGenerator<FactsBatch> {
  for (let firstRow = 0; firstRow < rows.length; firstRow += size) {
    const collected = factsCollector();
    for (const row of rows.slice(firstRow, firstRow + size)) collected.add(factsOf(row));
    yield { firstRow, classNames: [], ...collected.take() };
  }
}

async function verdictsOf(rows: readonly Given[], size: number, keysAtOnce: number): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'temper-duplicates-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const verdicts = new Uint8Array(rows.length).fill(UNDECIDED);
  await dropDuplicates(batchesOf(rows, size), verdicts, join(folder, 'keys'), keysAtOnce);
  return verdicts;
}

/** With a table in memory. */
function expectedOf(rows: readonly Given[]): number[] {
  const first = new Map<string, number>();
  return rows.map(({ text, label, isEmpty }) => {
    if (isEmpty) return UNDECIDED;
    const known = first.get(text);
    if (known === undefined) first.set(text, label);
    return known === undefined ? UNDECIDED : droppedFor(known === label ? 'duplicate' : 'contradiction');
  });
}

test('the first of equal rows stays, however many files the keys are divided into', async () => {
  expect(rowStates).toContain('empty');
  const row = fc.record({ text: fc.string({ maxLength: 1 }), label: fc.nat(2), isEmpty: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 200 }),
      fc.constantFrom(1, 7, 64),
      fc.constantFrom(1, 10, 1e6),
      async (rows, size, keys) => {
        expect([...(await verdictsOf(rows, size, keys))]).toEqual(expectedOf(rows));
      },
    ),
    { numRuns: 60 },
  );
});

test('20,000 rows of 6,000 texts leave 6,000', async () => {
  const rows = Array.from({ length: 20_000 }, (_, i) => ({
    text: String((i * 7919) % 6_000),
    label: 0,
    isEmpty: false,
  }));
  const verdicts = await verdictsOf(rows, 4096, 1_000);
  expect(verdicts.reduce((count, verdict) => count + Number(verdict === UNDECIDED), 0)).toBe(6_000);
});

import { expect, test } from 'vitest';
import { fileURLToPath } from 'node:url';
import { fileSource, memorySource, type ByteSource } from '../../data/byte-source.js';
import { checkSource } from '../../data/inspect-source.js';
import { LOOKED_AT_BYTES } from '../../data/near/sketcher.js';
import { filesSource } from '../../data/readers/files.js';
import { jobOf } from './job-of.js';

const bodyOf = (i: number): string =>
  `a report about the ${i} boats that left harbour ${i * 31} in the year ${1900 + i}`;
const rowOf = (i: number, split: string, text = bodyOf(i)): string =>
  `${JSON.stringify({ text, label: i % 2 === 0 ? 'ships' : 'boats', split })}\n`;
const rowsOf = (from: number, to: number, split: string): string =>
  Array.from({ length: to - from }, (_, i) => rowOf(from + i, split)).join('');
const bySplit = { split: { column: 'split' } };

test('rows of a list of files are told of by the file that they are in', async () => {
  const files: ByteSource[] = [
    memorySource('train.jsonl', rowsOf(0, 30, 'train')),
    memorySource('none.jsonl', ''),
    memorySource(
      'more/held.jsonl',
      rowsOf(30, 35, 'validation') + rowOf(2, 'test', `${bodyOf(2)}.`) + rowsOf(35, 40, 'test'),
    ),
  ];
  const source = filesSource(
    'both',
    files.map((source) => ({ source, format: 'jsonl' })),
  );
  const { warnings } = await checkSource({ source, format: 'files', job: jobOf(bySplit) });
  expect(warnings.find((warning) => warning.includes('nearly the same'))).toContain(
    ': train.jsonl:3 (train) and more/held.jsonl:6 (test), 100 % the same',
  );
});

test('rows of a file without lines are told of by their number', async () => {
  const path = fileURLToPath(new URL('../fixtures/tables/rows-snappy.parquet', import.meta.url));
  const one = await fileSource(path, 'one.parquet');
  const two = await fileSource(path, 'two.parquet');
  const source = filesSource('both', [
    { source: one, format: 'parquet', fields: { part: 'train' } },
    { source: two, format: 'parquet', fields: { part: 'validation' } },
    { source: memorySource('rest.jsonl', '{"text":"another","kind":"kind 0","part":"test"}\n'), format: 'jsonl' },
  ]);
  const job = jobOf({ label: 'kind', split: { column: 'part' } });
  const { warnings } = await checkSource({ source, format: 'files', job });
  expect(warnings.find((warning) => warning.includes('nearly the same'))).toMatch(
    /one\.parquet, row 1 \(train\) and two\.parquet, row 1 \(validation\)/,
  );
});

test('where a source is too large to look without being asked, that is said', async () => {
  const rows = rowsOf(0, 30, 'train') + rowsOf(30, 35, 'validation') + rowsOf(35, 40, 'test');
  const large = { ...memorySource('large.jsonl', rows), bytes: LOOKED_AT_BYTES + 1 };
  const warningsOf = async (leakage?: 'on' | 'off'): Promise<string> => {
    const job = jobOf({ ...bySplit, ...(leakage && { leakage }) });
    return (await checkSource({ source: large, job })).warnings.join();
  };
  expect(await warningsOf()).toContain(
    'not looked for, because the source has more than 256 MiB: set data.leakage to on to look for them',
  );
  expect(await warningsOf('on')).not.toContain('looked for');
  expect(await warningsOf('off')).not.toContain('looked for');
});

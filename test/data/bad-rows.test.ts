import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memorySource } from '../../data/byte-source.js';
import { checkSource } from '../../data/inspect-source.js';
import { prepareDataset } from '../../data/prepare.js';
import { jobOf } from './job-of.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'temper-bad-rows-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** 300 rows, and the given lines among them. */
const csv = (...bad: string[]): string =>
  [
    'x,y,label',
    ...Array.from({ length: 300 }, (_, i) => `${i},${(i * 7) % 11},${i % 2 ? 'odd' : 'even'}`),
    ...bad,
    '300,1,even',
  ].join('\n');
const job = (data: object = {}) => jobOf(data, { task: 'tabular-classification', model: 'mlp' });
const check = (content: string | Uint8Array, data: object = {}) =>
  checkSource({ source: memorySource('a.csv', content), job: job(data) });
const refusal = (content: string | Uint8Array, data: object = {}) =>
  check(content, data).then(
    () => 'it went through',
    (error: Error) => error.message,
  );

describe('rows that cannot be read', () => {
  test('are left out where they are few, counted and placed', async () => {
    const { badRows, rowsRead, warnings } = await check(csv('1,2', '3'));
    expect(rowsRead).toBe(301);
    expect(badRows.count).toBe(2);
    expect(badRows.first[0]).toMatch(/^a.csv:302: expected 3 cells/);
    expect(warnings.join('\n')).toContain(
      '2 rows are left out because they cannot be read: a.csv:302: expected 3 cells',
    );
  });

  test('are kept as they stood, beside the data set', async () => {
    const content = Buffer.concat([Buffer.from(csv('1,2')), Buffer.from('\n1,caf\xe9,odd\n', 'latin1')]);
    const outFolder = join(folder, 'prepared');
    const manifest = await prepareDataset({ source: memorySource('a.csv', content), job: job(), outFolder });
    expect(manifest.badRows.count).toBe(2);
    const rows = manifest.rows.train + manifest.rows.validation + manifest.rows.test;
    expect(rows).toBe(301);
    const kept = readFileSync(join(outFolder, 'bad-rows.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(kept).toMatchObject([
      { place: 'a.csv:302', raw: '1,2' },
      { place: 'a.csv:304', raw: '1,caf\ufffd,odd', why: expect.stringContaining('expected UTF-8') as string },
    ]);
  });

  test('stop the job above the share, and the first ones are named', async () => {
    const bad = Array.from({ length: 10 }, () => '1,2');
    const said = await refusal(csv(...bad));
    expect(said).toMatch(
      /^a\.csv: expected rows that can be read, found 10 of 311 that cannot \(at most 1 % may be left out: data\.badRows\.maxShare\): a\.csv:302: expected 3 cells/,
    );
    expect(said).toContain('; and 5 more');
    expect((await check(csv(...bad), { badRows: { maxShare: 0.05 } })).badRows.count).toBe(10);
  });

  test('stop it at the first where none may be left out', async () => {
    expect(await refusal(csv('1,2'), { badRows: { maxShare: 0 } })).toMatch(/^a\.csv:302: expected 3 cells/);
  });

  test('make no other of a column that is missing', async () => {
    expect(await refusal('x,y\n1,2\n1\n')).toContain('expected a column `label`');
  });
});

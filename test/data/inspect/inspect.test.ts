import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { describe, expect, onTestFinished, test } from 'vitest';
import { inspectedHtml } from '../../../cli/render/inspected-html.js';
import { renderInspected } from '../../../cli/render/inspected.js';
import { fileSource, memorySource } from '../../../data/byte-source.js';
import { inspectData } from '../../../data/inspect/inspect.js';
import type { Given } from '../../../data/inspect/roles.js';
import { packImages } from '../../../data/pack-images.js';
import { formatOf } from '../../../data/readers/read-rows.js';
import { parseJob } from '../../../job/parse.js';

const inspect = (name: string, content: string | Uint8Array, given: Given = {}) =>
  inspectData({ source: memorySource(name, content), format: formatOf(name), sources: [name], given });

const csv = (rows: readonly (readonly (string | number)[])[]) => rows.map((row) => `${row.join(',')}\n`).join('');

/** Texts of three classes with one of each mistake in them. */
const tickets = csv([
  ['id', 'body', 'queue', 'team', 'constant'],
  ...Array.from({ length: 300 }, (_, i) => {
    const queue = i % 50 === 0 ? 'sales' : i % 3 === 0 ? 'tech' : 'billing';
    return [i, `text number ${i * 7919} about ${queue} and ${'much '.repeat(i % 5)}more`, queue, `team of ${queue}`, 1];
  }),
  [300, 'text number 0 about sales and more', 'Billing', 'x', 1],
]);

describe('of texts', () => {
  test('the columns, their types and what they are for are told', async () => {
    const { roles, columns, rows, classes } = await inspect('tickets.csv', tickets);
    expect(rows).toBe(301);
    expect(roles).toMatchObject({ task: 'text-classification', text: 'body', label: 'queue' });
    expect(columns.map(({ name, type }) => [name, type])).toEqual([
      ['id', 'whole numbers'],
      ['body', 'texts'],
      ['queue', 'categories'],
      ['team', 'categories'],
      ['constant', 'whole numbers'],
    ]);
    expect(classes).toEqual([
      { name: 'billing', rows: 196 },
      { name: 'tech', rows: 98 },
      { name: 'sales', rows: 6 },
      { name: 'Billing', rows: 1 },
    ]);
  });

  test('duplicates, contradictions, spellings, small classes and columns that tell the label are told', async () => {
    const { problems, duplicates } = await inspect('tickets.csv', tickets);
    const said = problems.map(({ column, message }) => `${column ?? ''}: ${message}`).join('\n');
    expect(duplicates).toMatchObject({ exact: 1, contradictions: 1 });
    expect(said).toContain('queue: spells one class in several ways: `billing` and `Billing`');
    expect(said).toContain('queue: contradicts itself in 1 row');
    expect(said).toContain('team: tells the label `queue` in every row');
    expect(said).toContain('queue: 2 classes have fewer than 10 rows, such as `sales` and `Billing`');
    expect(said).toContain('`billing` has 196 times the rows of `Billing`');
  });

  test('rows that cannot be read are counted and placed', async () => {
    const { badRows, rows } = await inspect('a.csv', 'text,label\nhello,x\nragged\nhello there,y\n');
    expect(rows).toBe(2);
    expect(badRows).toEqual({
      count: 1,
      first: ['a.csv:3: expected 2 cells (`text` and `label`), found 1: add the cells that lack'],
    });
  });
});

test('a handful of texts in a column of that name are texts, not categories', async () => {
  const { roles } = await inspect('few.csv', 'text,label\nhello there,x\ngood morning,x\nbye,y\nhello there,y\n');
  expect(roles).toMatchObject({ task: 'text-classification', text: 'text', label: 'label' });
});

test('a table whose last column is an amount is for a regression', async () => {
  const rows = Array.from({ length: 200 }, (_, i) => [i % 7, ['a', 'b'][i % 2]!, i * 1.37]);
  const { roles } = await inspect('t.csv', csv([['rooms', 'city', 'price'], ...rows]));
  expect(roles).toMatchObject({ task: 'tabular-regression', label: 'price', features: ['rooms', 'city'] });
});

test('words and tags are for token classification', async () => {
  const path = fileURLToPath(new URL('../../fixtures/tables/rows-snappy.parquet', import.meta.url));
  const { columns } = await inspectData({ source: await fileSource(path), format: 'parquet', sources: [path] });
  expect(columns.find(({ name }) => name === 'words')?.type).toBe('lists');
  const row = (i: number) => JSON.stringify({ words: ['a', `b${i}`], tags: ['O', i % 2 ? 'B' : 'O'] });
  const { roles } = await inspect('t.jsonl', Array.from({ length: 20 }, (_, i) => row(i)).join('\n'));
  expect(roles).toMatchObject({ task: 'token-classification', words: 'words', label: 'tags' });
});

describe('the job that is proposed', () => {
  test.each([
    ['tickets.csv', tickets, {}],
    ['t.csv', csv([['x', 'y', 'label'], ...Array.from({ length: 60 }, (_, i) => [i, i % 4, i % 2])]), {}],
    ['poem.txt', 'a line of a poem\nand the next line of it\n', { task: 'causal-lm' }],
    ['bad.csv', `${tickets}broken\n`.repeat(1) + 'broken\n'.repeat(20), {}],
  ] as const)('for %s is one that Temper accepts', async (name, content, given) => {
    const { job } = await inspect(name, content, given);
    expect(parseJob(job, 'job.yaml').data.source).toBe(name);
  });

  test('handles what was found', async () => {
    const { job } = await inspect('tickets.csv', tickets);
    const { data } = parseJob(job, 'job.yaml');
    expect(data.clean).toMatchObject({ dropDuplicates: true, labels: { merge: 'spelling' } });
    expect(data.balance).toBe('class-weights');
  });
});

describe('the reports', () => {
  const hostile = '<script>alert(1)</script><img src=x onerror=alert(1)>"\'&\u001b[31m';
  const rows = Array.from({ length: 30 }, (_, i) =>
    JSON.stringify({ [`text${hostile}`]: `${hostile} number ${i}`, label: `${hostile}${i % 2}` }),
  );

  test('show what is in the cells, and obey none of it', async () => {
    const report = await inspect('hostile.jsonl', rows.join('\n'), { text: `text${hostile}`, label: 'label' });
    const page = inspectedHtml(report);
    expect(page).not.toMatch(/<script|<img src=x/);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).not.toMatch(/\b(?:src|href)=["'](?!data:)/);
    // eslint-disable-next-line no-control-regex
    expect(renderInspected(report).join('\n')).not.toMatch(/\u001b/);
  });
});

test('of many images the first are decoded, and how many that are is told', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'temper-inspect-test-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [i, name] of ['cats', 'dogs'].entries()) {
    await mkdir(join(folder, 'photos', name), { recursive: true });
    const background = { r: 99 * i, g: 0, b: 0 };
    const image = sharp({ create: { width: 9, height: 9, channels: 3, background } }).png();
    for (let n = 0; n < 3; n++) await image.clone().toFile(join(folder, 'photos', name, `${n}.png`));
  }
  const packed = join(folder, 'packed');
  const data = { image: 'image', label: 'label' };
  await packImages({ path: join(folder, 'photos'), data, out: packed });
  const source = await fileSource(packed, 'photos');
  const report = await inspectData({ source, format: 'images', sources: ['photos'], decodedImages: 4 });
  expect(report.images).toEqual({ decoded: 4, of: 6 });
  const said = 'looked at the first 4 of 6: whether the others can be decoded is not known';
  expect(renderInspected(report).join('\n')).toContain(said);
  expect(inspectedHtml(report)).toContain(said);
});

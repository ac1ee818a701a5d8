/** `temper data inspect` as a process of its own; what it finds is tested in test/data/inspect/. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseJob } from '../../job/parse.js';
import { fixture } from '../support/image-model.js';
import { runProgram } from '../support/stack.js';
import { makeTemporaryFolder, removeFolder } from '../support/temporary-folder.js';

let folder: string;
beforeAll(() => (folder = makeTemporaryFolder()));
afterAll(() => removeFolder(folder));

const inspect = (...args: string[]) =>
  runProgram(['data', 'inspect', ...args], { cwd: folder, env: { ...process.env, NO_COLOR: '1' } });

/** One class is spelt in two ways, one text comes again, and one row is ragged. */
const tickets = [
  'id,body,queue',
  ...Array.from(
    { length: 60 },
    (_, i) => `${i},the ${i} customer asks for number ${i * 31},${i % 2 ? 'sales' : 'tech'}`,
  ),
  '60,the 4 customer asks for number 124,Tech',
  'broken',
  '',
].join('\n');

describe('a table', () => {
  beforeAll(() => writeFileSync(join(folder, 'tickets.csv'), tickets));

  test('is told of in words, with a job that Temper accepts', async () => {
    const { code, stdout, stderr } = await inspect('tickets.csv');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^rows +61, and 1 that cannot be read$/m);
    expect(stdout).toMatch(/^looks like +text-classification: text body, label queue$/m);
    expect(stdout).toContain('tickets.csv:63: expected 3 cells');
    const [, job] = stdout.split('A JOB FOR IT (temper run job.yaml)\n');
    expect(parseJob(job!, 'job.yaml').data).toMatchObject({ source: 'tickets.csv', text: 'body', label: 'queue' });
  });

  test('is told of as one JSON object, and as a page beside it', async () => {
    const { code, stdout } = await inspect('tickets.csv', '--json', '--html', 'tickets.html');
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ source: 'tickets.csv', files: 1, rows: 61, badRows: { count: 1 }, images: null },
      roles: { task: 'text-classification', text: 'body', label: 'queue' },
      duplicates: { exact: 1, contradictions: 1 },
    });
    const page = readFileSync(join(folder, 'tickets.html'), 'utf8');
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).toContain('<h1>tickets.csv</h1>');
    expect(page).toContain('contradicts itself in 1 row');
  });
});

describe('a folder of images', () => {
  beforeAll(async () => {
    for (const split of ['train', 'val', 'test']) {
      for (const [k, name] of ['cats', 'dogs'].entries()) {
        for (let i = 0; i < 4; i++) {
          const background = { r: 30 * i, g: 120 * k, b: split.length * 20 };
          const path = join(folder, 'photos', split, name, `${i}.png`);
          mkdirSync(dirname(path), { recursive: true });
          writeFileSync(
            path,
            await sharp({ create: { width: 20, height: 20, channels: 3, background } })
              .png()
              .toBuffer(),
          );
        }
      }
    }
    writeFileSync(join(folder, 'photos', 'train', 'cats', 'broken.jpg'), 'no image');
  });

  test('is told of with its classes, its splits and what cannot be decoded', async () => {
    const { code, stdout } = await inspect('photos', '--json', '--html', 'photos.html');
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as { job: string };
    expect(report).toMatchObject({
      ...{ source: 'photos', rows: 25, images: { decoded: 25, of: 25 } },
      roles: { task: 'image-classification', image: 'image', label: 'label', split: 'split' },
      badRows: { count: 1, first: [expect.stringContaining('photos/train/cats/broken.jpg') as string] },
    });
    expect((report as unknown as { classes: object[] }).classes).toEqual([
      { name: 'cats', rows: 13 },
      { name: 'dogs', rows: 12 },
    ]);
    expect(parseJob(report.job, 'job.yaml').data.split).toEqual({ column: 'split' });
    expect(readFileSync(join(folder, 'photos.html'), 'utf8')).toContain('src="data:image/jpeg;base64,');
  });

  test('is told of in words, too', async () => {
    const { code, stdout } = await inspect('photos');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^images +looked at all 25$/m);
    expect(stdout).toMatch(/^cats +13 /m);
  });
});

test.each([
  ['hub', 'image', 'split'],
  ['bare.parquet', 'image', null],
])('images in the cells of tables are found: %s', async (name, image, split) => {
  const { code, stdout } = await inspect(fixture(`image-tables/${name}`), '--json');
  expect(code).toBe(0);
  const report = JSON.parse(stdout) as { job: string };
  expect(report).toMatchObject({
    ...{ rows: 12, images: { decoded: 12, of: 12 } },
    roles: { task: 'image-classification', image, label: 'label', split },
  });
  expect(stdout).not.toContain('PNG');
});

test('what cannot be looked at is said in a sentence', async () => {
  const refused = async (...args: string[]) => {
    const { code, stdout, stderr } = await inspect(...args);
    expect({ code, stdout, lines: stderr.trim().split('\n').length }).toEqual({ code: 2, stdout: '', lines: 1 });
    return stderr;
  };
  expect(await refused('nowhere.csv')).toMatch(/there is no file .*nowhere\.csv/);
  expect(await refused('https://host/images/', '--task', 'image-classification')).toMatch(
    /expected a path of this machine or s3:\/\/bucket\/key, found https:\/\/host\/images\/: download it first/,
  );
});

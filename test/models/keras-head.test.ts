import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { jobSchema, type Job } from '../../job/schema.js';
import { layers } from '../../models/families/layers.js';
import { inspectModelFolder } from '../../models/folder.js';
import { importLayersModel } from '../../models/keras/import.js';

const KERAS = fileURLToPath(new URL('../fixtures/keras-models', import.meta.url));
const jobOf = (task: Job['task'], data: object = {}) =>
  jobSchema.parse({ name: 't', task, model: 'file:x', data: { source: 'x.csv', ...data } });
const images = jobOf('image-classification');

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'temper-keras-head-'))));
afterEach(() => rmSync(folder, { recursive: true }));

async function imported(name: string, beside: Readonly<Record<string, string>> = {}): Promise<string> {
  copyFileSync(join(KERAS, name), join(folder, name));
  for (const [file, text] of Object.entries(beside)) writeFileSync(join(folder, file), text);
  await importLayersModel(join(folder, name), join(folder, 'imported'));
  return join(folder, 'imported');
}

const heads = async (at: string, job: Job, labels: readonly string[]) => {
  const { tensors, replaced } = await inspectModelFolder(at, job, labels);
  return { kept: [...tensors.keys()].filter((name) => name.startsWith('head.')), replaced };
};
const KEPT = { kept: ['head.weight', 'head.bias'], replaced: [] };

test('a head of classes is kept where a file beside the model gives the labels of the data, in their order', async () => {
  const ways = [
    { 'labels.txt': 'cat\ndog\n\nowl\n' },
    { 'metadata.json': '{ "labels": ["cat", "dog", "owl"] }' },
    { 'temper.json': '{ "data": { "labels": ["cat", "dog", "owl"] } }' },
  ];
  for (const beside of ways) {
    rmSync(folder, { recursive: true });
    folder = mkdtempSync(join(tmpdir(), 'temper-keras-head-'));
    const at = await imported('residual.keras', beside);
    expect(await heads(at, images, ['cat', 'dog', 'owl'])).toEqual(KEPT);
    for (const labels of [
      ['cat', 'owl', 'dog'],
      ['cat', 'dog'],
    ]) {
      const { kept, replaced } = await heads(at, images, labels);
      expect(kept).toEqual([]);
      expect(replaced.join()).toContain(`is replaced by a new one of ${labels.length} classes`);
    }
  }
});

test('without labels it is replaced, and labels of another number are refused', async () => {
  expect((await heads(await imported('residual.keras'), images, ['cat', 'dog', 'owl'])).kept).toEqual([]);
  await expect(imported('residual.keras', { 'labels.txt': 'cat\ndog' })).rejects.toThrow(
    /labels\.txt: expected 3 labels, as many as the model has outputs, found 2/,
  );
});

test('one linear output is kept for a number', async () => {
  expect(await heads(await imported('table.keras'), jobOf('tabular-regression'), [])).toEqual(KEPT);
});

test('what a published folder says of its head is read again', async () => {
  const at = await imported('residual.keras');
  const config = JSON.parse(await readFile(join(at, 'config.json'), 'utf8')) as Record<string, unknown>;
  const parsed = layers.parse(config, 'config.json');
  const { config: published } = layers.publish(config, parsed, images, ['a', 'b', 'c']);
  writeFileSync(join(at, 'config.json'), JSON.stringify(published));
  expect(await heads(at, images, ['a', 'b', 'c'])).toEqual(KEPT);
});

test('a model says which jobs it can do', async () => {
  const check = async (name: string, job: Job) => inspectModelFolder(await imported(name), job, ['a', 'b']);
  await expect(check('table.keras', images)).rejects.toThrow(/of a Keras model that reads a table, found `image-/);
  await expect(check('residual.keras', jobOf('image-classification', { imageSize: 24 }))).rejects.toThrow(
    /data\.imageSize: expected 12, which the model's input layer fixes, found 24/,
  );
  const table = layers.parse(
    JSON.parse(await readFile(join(await imported('table.keras'), 'config.json'), 'utf8')) as Record<string, unknown>,
    'config.json',
  );
  expect(() => layers.forData!(table, { width: 5 })).toThrow(/expected 6 inputs, as its input layer has, found 5/);
});

test('pixels are 0 to 1, or bytes where the model rescales them itself', async () => {
  const scaleOf = async (name: string, preprocessor?: Record<string, unknown>) => {
    const text = await readFile(join(await imported(name), 'config.json'), 'utf8');
    return layers.imageNormalisation!(layers.parse(JSON.parse(text) as Record<string, unknown>, name), preprocessor);
  };
  const zero = [0, 0, 0];
  expect(await scaleOf('nested.keras')).toEqual({ mean: zero, std: [1, 1, 1] });
  expect(await scaleOf('residual.keras')).toEqual({ mean: zero, std: [1 / 255, 1 / 255, 1 / 255] }); // Rescaling comes first
  const half = [0.5, 0.5, 0.5];
  expect(await scaleOf('residual.keras', { image_mean: half, image_std: half })).toEqual({ mean: half, std: half });
});

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { jobSchema } from '../../../job/schema.js';
import { bert } from '../../../models/families/bert.js';
import { readFloats, readSafetensorsHeader } from '../../../models/safetensors.js';
import { freezeGraph } from '../../../training/export/frozen-graph.js';
import { writeGraphModel } from '../../../training/export/graph-model.js';
import { predictFrom, type Feed } from '../../../training/export/predictor.js';
import { writeSavedModel } from '../../../training/export/saved-model.js';
import { bertModel } from '../../../training/models/bert.js';
import { mlpModel } from '../../../training/models/mlp.js';
import { compiledOutputs, inFolder, relativeDifference, wave, waves } from '../../support/published.js';

const job = jobSchema.parse({ name: 'test', task: 'tabular-classification', model: 'mlp', data: { source: 'a.csv' } });

async function tinyBert() {
  const folder = fileURLToPath(new URL('../../fixtures/tiny-bert', import.meta.url));
  const textJob = jobSchema.parse({ ...job, task: 'text-classification', model: `file:${folder}` });
  const config = bert.parse(JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')), folder);
  const model = bertModel(config, textJob, 5);
  const header = await readSafetensorsHeader(join(folder, 'model.safetensors'));
  const values = waves(model);
  for (const [name, stored] of bert.mapNames(header.tensors.keys(), config, textJob).inFile) {
    if (values.has(name)) values.set(name, await readFloats(header, stored));
  }
  return { model, values };
}

const textFeeds = (rows: number, length: number): Record<string, Feed> => ({
  ids: { shape: [rows, length], values: Int32Array.from({ length: rows * length }, (_, i) => (7919 * (i + 1)) % 1000) },
  mask: {
    shape: [rows, length],
    values: Float32Array.from({ length: rows * length }, (_, i) =>
      i % length <= (5 * i) % 11 || i % length < 2 ? 1 : 0,
    ),
  },
});
const tableFeeds = (rows: number): Record<string, Feed> => ({
  features: { shape: [rows, 7], values: wave(rows * 7, 3, 2) },
});

const mlp = (activation: 'relu' | 'gelu' | 'tanh', outputs: number) => {
  const model = mlpModel({ inputs: 7, hidden: [16, 8], activation }, job, outputs);
  return { model, values: waves(model) };
};

const cases = [
  {
    name: 'a tiny BERT',
    open: tinyBert,
    maxLength: 64,
    feeds: textFeeds,
    sizes: [
      [1, 1],
      [3, 16],
      [2, 64],
    ],
  },
  { name: 'an MLP of classes', open: () => mlp('gelu', 4), maxLength: 1, feeds: tableFeeds, sizes: [[1, 1], [9, 1]] }, // prettier-ignore
  { name: 'an MLP of one value', open: () => mlp('tanh', 1), maxLength: 1, feeds: tableFeeds, sizes: [[4, 1]] },
] as const;

/** Typed arrays as lists. */
const asJson = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (ArrayBuffer.isView(part) ? Array.from(part as Float32Array) : part));

test.each(cases)('$name: every published form says what the trainer says, for any number of rows', async (subject) => {
  const { model, values } = await subject.open();
  const graph = freezeGraph({ model, values, maxLength: subject.maxLength });
  expect(graph.fixed).toEqual([]);
  await inFolder(subject.name.replaceAll(' ', '-'), async (folder) => {
    await writeSavedModel(join(folder, 'saved'), graph);
    await writeGraphModel(join(folder, 'graph'), graph);
    const asked = subject.sizes.map(([rows, length]) => {
      const feeds = subject.feeds(rows, length);
      return { feeds, outputs: compiledOutputs(model, values, feeds, rows, length) };
    });
    await writeFile(join(folder, 'expected.json'), asJson(asked));
    for (const form of ['saved', 'graph']) {
      const predictor = await predictFrom(join(folder, form));
      for (const { feeds, outputs } of asked) {
        expect(relativeDifference(predictor.outputs(feeds), outputs), predictor.form).toBeLessThan(1e-5);
      }
      predictor.close();
    }
  });
});

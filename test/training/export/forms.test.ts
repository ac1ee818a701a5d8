import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { jobSchema } from '../../../job/schema.js';
import { bert } from '../../../models/families/bert.js';
import type { LayersConfig } from '../../../models/keras/import.js';
import { readFloats, readSafetensorsHeader } from '../../../models/safetensors.js';
import { freezeGraph } from '../../../training/export/frozen-graph.js';
import { writeGraphModel } from '../../../training/export/graph-model.js';
import { predictFrom, type Feed } from '../../../training/export/predictor.js';
import { writeLayersModel } from '../../../training/export/layers-model.js';
import { writeSavedModel } from '../../../training/export/saved-model.js';
import type { Model } from '../../../training/model.js';
import { bertModel } from '../../../training/models/bert.js';
import { mlpModel } from '../../../training/models/mlp.js';
import { openImported } from '../../support/imported.js';
import { asJson, compiledOutputs, inFolder, relativeDifference, wave, waves } from '../../support/published.js';

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

const pixelFeeds = (rows: number): Record<string, Feed> => ({
  pixels: { shape: [rows, 12, 12, 3], values: wave(rows * 12 * 12 * 3, 3, 100) },
});
const KERAS = fileURLToPath(new URL('../../fixtures/keras-models', import.meta.url));

const mlp = (activation: 'relu' | 'gelu' | 'tanh', outputs: number) => {
  const model = mlpModel({ inputs: 7, hidden: [16, 8], activation }, job, outputs);
  return { model, values: waves(model) };
};

interface Opened {
  readonly model: Model;
  readonly values: ReadonlyMap<string, Float32Array>;
  readonly config?: LayersConfig;
}

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
  {
    name: 'a Keras model',
    open: (folder: string) => openImported(join(KERAS, 'residual.keras'), join(folder, 'imported'), 3),
    maxLength: 1,
    feeds: pixelFeeds,
    sizes: [
      [1, 1],
      [4, 1],
    ],
  },
  {
    name: 'a Keras model of words',
    open: (folder: string) => openImported(join(KERAS, 'words.keras'), join(folder, 'imported'), 3),
    maxLength: 5,
    feeds: (rows: number) => ({
      ids: { shape: [rows, 5], values: Int32Array.from({ length: rows * 5 }, (_, i) => (7 * i) % 11) },
    }),
    sizes: [[2, 5]],
  },
  { name: 'an MLP of one value', open: () => mlp('tanh', 1), maxLength: 1, feeds: tableFeeds, sizes: [[4, 1]] },
] as const;

test.each(cases)('$name: every published form says what the trainer says, for any number of rows', (subject) =>
  inFolder(subject.name.replaceAll(' ', '-'), async (folder) => {
    const { model, values, config }: Opened = await subject.open(folder);
    const graph = freezeGraph({ model, values, maxLength: subject.maxLength });
    expect(graph.fixed).toEqual([]);
    const forms = ['saved', 'graph'];
    await writeSavedModel(join(folder, 'saved'), graph);
    await writeGraphModel(join(folder, 'graph'), graph);
    if (config) {
      forms.push('layers');
      await writeLayersModel(join(folder, 'layers'), config, values, { probabilities: true });
    }
    const asked = subject.sizes.map(([rows, length]) => {
      const feeds = subject.feeds(rows, length);
      return { feeds, outputs: compiledOutputs(model, values, feeds, rows, length) };
    });
    await writeFile(join(folder, 'expected.json'), asJson(asked));
    for (const form of forms) {
      const predictor = await predictFrom(join(folder, form));
      for (const { feeds, outputs } of asked) {
        expect(relativeDifference(predictor.outputs(feeds), outputs), predictor.form).toBeLessThan(1e-5);
      }
      predictor.close();
    }
  }),
);

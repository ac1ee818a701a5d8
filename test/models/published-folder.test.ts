import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { layoutFor } from '../../models/job-fit.js';
import { outputsOf } from '../../models/families/labels.js';
import { readSafetensorsHeader, readTensors, writeSafetensors } from '../../models/safetensors.js';
import type { Job } from '../../job/schema.js';
import { initialWeights } from '../../training/initial-weights.js';
import { mergedWeights, withLora } from '../../training/lora.js';
import { publishedTensors } from '../../training/published-tensors.js';
import { jobOf } from './job-of.js';
import { openModel } from './open-model.js';
import { fixturePath, labels, models, runModel, tags } from './tiny-encoders.js';

// TEMPER_PUBLISHED=FOLDER keeps what is written, for test/references/loads_in_transformers.py.
const kept = process.env['TEMPER_PUBLISHED'];
let parent: string;
beforeAll(async () => {
  parent = kept ?? (await mkdtemp(join(tmpdir(), 'temper-published-')));
  await mkdir(parent, { recursive: true });
});
afterAll(async () => {
  if (kept === undefined) await rm(parent, { recursive: true });
});

const DEVIATION = 0.3;

/** A folder as publishModel writes it, with what our model makes of the fixture's batch. */
async function publish(title: string, base: string, job: Job, classes: readonly string[]) {
  const one = models.find(
    ({ folder, pairs }) => folder === base && Boolean(pairs) === (job.data.textPair !== undefined),
  )!;
  const { folder, model, weights } = await openModel(fixturePath(base), job, classes);
  const layout = layoutFor(job, folder, outputsOf(job, classes));
  const trained = job.lora === undefined ? model : withLora(model, layout.adapters, job.lora);
  for (const spec of trained.tensors) {
    // Adapters and biases that begin as zeros would hide a wrong merge or a wrong name.
    if (!weights.has(spec.name))
      weights.set(spec.name, initialWeights({ ...spec, name: `${spec.name}.new` }, DEVIATION, 7));
  }
  const { config, nameInFile } = folder.family.publish(folder.configJson, folder.config, job, classes);
  const path = join(parent, title);
  await cp(fixturePath(base), path, { recursive: true });
  await writeFile(join(path, 'config.json'), JSON.stringify(config));
  const stored = (name: string) => weights.get(name)!;
  const read = job.lora === undefined ? stored : mergedWeights(layout.adapters, job.lora, stored);
  await writeSafetensors(join(path, 'model.safetensors'), publishedTensors(trained, nameInFile, read), {
    metadata: { format: 'pt' },
  });
  const { outputs } = runModel(trained, weights, one);
  const { ids, mask, types } = one;
  const batch = { ids, mask, ...(job.data.textPair === undefined ? {} : { types }), logits: [...outputs] };
  await writeFile(join(path, 'logits.json'), JSON.stringify(batch));
  return { path, config: config as Record<string, unknown> };
}

async function tensorsOf(path: string): Promise<Map<string, readonly number[]>> {
  const tensors = new Map<string, readonly number[]>();
  for await (const { name, values } of readTensors(await readSafetensorsHeader(join(path, 'model.safetensors')))) {
    tensors.set(name, Array.from(values as Float32Array));
  }
  return tensors;
}

const readConfig = async (path: string) =>
  JSON.parse(await readFile(join(path, 'config.json'), 'utf8')) as Record<string, unknown>;

test.each(['tiny-distilbert', 'tiny-roberta'])(
  "%s with its own head is published as Hugging Face's classifier saved it, name by name and bit by bit",
  async (base) => {
    const { path, config } = await publish(`${base}-native`, base, jobOf({ pooling: 'native' }), labels);
    expect(await tensorsOf(path)).toEqual(await tensorsOf(fixturePath(base)));
    const original = await readConfig(fixturePath(base));
    expect(config).toMatchObject({ architectures: original['architectures'], id2label: original['id2label'] });
    expect(config['label2id']).toEqual(original['label2id']);
  },
);

test.each([
  [
    'bert-native',
    'tiny-bert',
    { pooling: 'native' },
    'BertForSequenceClassification',
    ['bert.pooler.dense.weight', 'classifier.weight'],
  ],
  [
    'bert-pairs',
    'tiny-bert',
    { pooling: 'native', data: { textPair: 'b' } },
    'BertForSequenceClassification',
    ['classifier.weight'],
  ],
  ['bert-tokens', 'tiny-bert', { task: 'token-classification' }, 'BertForTokenClassification', ['classifier.bias']],
  ['bert-mean', 'tiny-bert', {}, 'BertModel', ['embeddings.word_embeddings.weight', 'head.weight']],
  ['bert-first', 'tiny-bert', { pooling: 'first' }, 'BertModel', ['head.weight']],
  [
    'bert-lora',
    'tiny-bert',
    { pooling: 'native', lora: { rank: 4 } },
    'BertForSequenceClassification',
    ['classifier.weight'],
  ],
  [
    'distilbert-tokens',
    'tiny-distilbert',
    { task: 'token-classification' },
    'DistilBertForTokenClassification',
    ['classifier.weight'],
  ],
  ['distilbert-mean', 'tiny-distilbert', {}, 'DistilBertModel', ['transformer.layer.0.attention.q_lin.weight']],
  [
    'roberta-tokens',
    'tiny-roberta',
    { task: 'token-classification' },
    'RobertaForTokenClassification',
    ['classifier.weight'],
  ],
  ['roberta-mean', 'tiny-roberta', {}, 'RobertaModel', ['encoder.layer.1.output.dense.weight', 'head.bias']],
] as const)('%s has the class and the names that Python loads', async (title, base, keys, architecture, names) => {
  const job = jobOf(keys);
  const classes = job.task === 'token-classification' ? tags : labels;
  const { path, config } = await publish(title, base, job, classes);
  expect(config['architectures']).toEqual([architecture]);
  expect(config['id2label']).toEqual(Object.fromEntries(classes.map((label, i) => [i, label])));
  expect(config['classifier_pooling']).toBe(architecture.endsWith('Model') ? job.pooling : undefined);
  expect(config).not.toHaveProperty('problem_type');
  const stored = await tensorsOf(path);
  expect([...stored.keys()]).toEqual(expect.arrayContaining([...names]));
  expect([...stored.keys()].filter((name) => name.includes('lora'))).toEqual([]);

  // What is published is a base model again, whose head is kept for the same job and replaced for another.
  const { folder } = await openModel(path, job, classes);
  expect(folder.replaced).toEqual([]);
  expect([...folder.tensors.keys()].filter((name) => name.startsWith('head.')).length).toBeGreaterThan(1);
  if (job.task === 'text-classification') {
    const pooling = job.pooling === 'mean' ? 'first' : 'mean';
    const other = await openModel(path, jobOf({ ...keys, pooling }), classes);
    expect(other.folder.replaced, `${job.pooling} is not ${pooling}`).toHaveLength(1);
  }
  const reversed = await openModel(path, job, [...classes].reverse());
  expect(reversed.folder.replaced).toHaveLength(1);
});

test.each([
  [
    'bert-many',
    { data: { multiLabel: true } },
    labels,
    'multi_label_classification',
    { 0: labels[0], 1: labels[1], 2: labels[2] },
  ],
  ['bert-number', { train: { loss: 'mse' }, data: { label: 'score' } }, [], 'regression', { 0: 'score' }],
] as const)('%s says what its outputs are', async (title, keys, classes, problem, id2label) => {
  const job = jobOf({ pooling: 'native', ...keys });
  const { config, path } = await publish(title, 'tiny-bert', job, classes);
  expect(config).toMatchObject({ problem_type: problem, id2label });
  const { folder } = await openModel(path, job, classes);
  expect(folder.replaced).toEqual([]);
});

import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readBaseTensors } from '../../models/base-tensors.js';
import { inspectModelFolder } from '../../models/folder.js';
import { ModelError } from '../../models/model-error.js';
import { readSafetensorsHeader, readTensors, writeSafetensors, type TensorToWrite } from '../../models/safetensors.js';
import { jobOf } from './job-of.js';

const tinyRoberta = new URL('../fixtures/tiny-roberta', import.meta.url).pathname;
const labels = ['noun.animal', 'noun.food', 'noun.time'];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'temper-model-'));
  await cp(tinyRoberta, folder, { recursive: true });
});
afterEach(() => rm(folder, { recursive: true }));

const path = (name: string) => join(folder, name);
const refusal = async (job = jobOf()): Promise<string> => {
  const error: unknown = await inspectModelFolder(folder, job, labels).then(
    () => new Error('accepted'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ModelError)) throw error;
  return error.message.replaceAll(folder, 'FOLDER');
};

async function valuesOf(of: string): Promise<Map<string, Float32Array>> {
  const model = await inspectModelFolder(of, jobOf({ pooling: 'native' }), labels);
  const values = new Map<string, Float32Array>();
  for await (const tensor of readBaseTensors(model)) values.set(tensor.name, tensor.values);
  return values;
}

/** Cuts the weights into `parts` files with an index, as save_pretrained does above max_shard_size. */
async function shard(parts: number): Promise<void> {
  const files: TensorToWrite[][] = Array.from({ length: parts }, () => []);
  let i = 0;
  for await (const { name, shape, values } of readTensors(await readSafetensorsHeader(path('model.safetensors')))) {
    files[i++ % parts]!.push({ name, dtype: 'F32', shape, bytes: new Uint8Array(values.buffer) });
  }
  const weightMap: Record<string, string> = {};
  for (const [part, tensors] of files.entries()) {
    const name = `model-0000${part + 1}-of-0000${parts}.safetensors`;
    await writeSafetensors(path(name), tensors);
    for (const tensor of tensors) weightMap[tensor.name] = name;
  }
  await writeFile(path('model.safetensors.index.json'), JSON.stringify({ metadata: {}, weight_map: weightMap }));
  await rm(path('model.safetensors'));
}

async function editIndex(change: (map: Record<string, string>) => void): Promise<void> {
  const index = JSON.parse(await readFile(path('model.safetensors.index.json'), 'utf8')) as {
    weight_map: Record<string, string>;
  };
  change(index.weight_map);
  await writeFile(path('model.safetensors.index.json'), JSON.stringify(index));
}

describe('weights in several files', () => {
  beforeEach(() => shard(3));

  test('are one model, value by value', async () => {
    const values = await valuesOf(folder);
    expect(values).toEqual(await valuesOf(tinyRoberta));
    expect(values.size).toBe(37 + 4);
    const { files } = await inspectModelFolder(folder, jobOf(), labels);
    expect(files.map(({ name }) => name)).toEqual([
      'config.json',
      'model-00001-of-00003.safetensors',
      'model-00002-of-00003.safetensors',
      'model-00003-of-00003.safetensors',
      'model.safetensors.index.json',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
  });

  test('of which one is missing are refused with its name', async () => {
    await rm(path('model-00002-of-00003.safetensors'));
    expect(await refusal()).toBe(
      'FOLDER/model.safetensors.index.json: lists model-00002-of-00003.safetensors, which the folder lacks; fetch the model anew',
    );
  });

  test('that are not where the index says are refused', async () => {
    const name = 'roberta.embeddings.LayerNorm.bias';
    const elsewhere = (file: string) => file.replace(/0000([123])/, (_, part) => `0000${(Number(part) % 3) + 1}`);
    await editIndex((map) => (map[name] = elsewhere(map[name]!)));
    expect(await refusal()).toMatch(
      /index.json: expected roberta.embeddings.LayerNorm.bias in model-0000\d-of-00003.safetensors, found none there/,
    );
  });

  test('outside the folder are refused', async () => {
    await editIndex((map) => (map['classifier.dense.bias'] = '../model.safetensors'));
    expect(await refusal()).toContain('expected names of safetensors files beside it, found "../model.safetensors"');
  });

  test('one of which has a tensor of another are refused', async () => {
    const one = await readSafetensorsHeader(path('model-00001-of-00003.safetensors'));
    const tensors: TensorToWrite[] = [];
    for await (const { name, shape, values } of readTensors(one)) {
      tensors.push({ name, dtype: 'F32', shape, bytes: new Uint8Array(values.buffer) });
    }
    const twice = await readSafetensorsHeader(path('model-00002-of-00003.safetensors'));
    for await (const { name, shape, values } of readTensors(twice, [[...twice.tensors.keys()][0]!])) {
      tensors.push({ name, dtype: 'F32', shape, bytes: new Uint8Array(values.buffer) });
    }
    await writeSafetensors(path('model-00001-of-00003.safetensors'), tensors);
    expect(await refusal()).toMatch(
      /^FOLDER\/model-00002-of-00003.safetensors: has .*, which model-00001-of-00003.safetensors has too/,
    );
  });
});

describe('a head in the file', () => {
  const inspect = (keys: object, classes: readonly string[] | null) =>
    inspectModelFolder(folder, jobOf({ ...keys }), classes);
  const headOf = ({ tensors }: { tensors: ReadonlyMap<string, unknown> }) =>
    [...tensors.keys()].filter((name) => name.startsWith('head.')).sort();

  test('stays where it is of the same kind, for the same labels in the same order', async () => {
    const found = await inspect({ pooling: 'native' }, labels);
    expect(found.replaced).toEqual([]);
    expect(headOf(found)).toEqual([
      'head.dense.bias',
      'head.dense.weight',
      'head.out_proj.bias',
      'head.out_proj.weight',
    ]);
  });

  const dense =
    'the head classifier.dense.weight [32, 32], classifier.out_proj.weight [3, 32] is replaced by a new one';
  test.each([
    [{ pooling: 'native' }, ['noun.food', 'noun.animal', 'noun.time'], `${dense} of 3 classes`],
    [{ pooling: 'native' }, [...labels, 'noun.person'], `${dense} of 4 classes`],
    [{ pooling: 'native', data: { multiLabel: true } }, labels, `${dense} of 3 classes`],
    [{ pooling: 'native', train: { loss: 'mse' } }, [], `${dense} of one number`],
    [{ pooling: 'mean' }, labels, `${dense} of 3 classes`],
    [{ task: 'token-classification' }, labels, `${dense} of 3 tags`],
    [{ pooling: 'native' }, null, dense],
  ])('is replaced, and that is said: %j, %j', async (keys, classes, said) => {
    const found = await inspect(keys, classes);
    expect(found.replaced).toEqual([said]);
    expect(headOf(found)).toEqual([]);
  });
});

describe('pretrained: false', () => {
  const job = jobOf({ pretrained: false });

  test('needs no weights, and leaves those there are alone', async () => {
    const before = await inspectModelFolder(folder, job, labels);
    expect(before.files.map(({ name }) => name)).toEqual(['config.json', 'tokenizer.json', 'tokenizer_config.json']);
    expect(before).toMatchObject({ weights: new Map(), tensors: new Map(), replaced: [] });
    await rm(path('model.safetensors'));
    expect((await inspectModelFolder(folder, job, labels)).files).toEqual(before.files);
  });

  test('is what a folder without weights is told of', async () => {
    await rm(path('model.safetensors'));
    expect(await refusal(jobOf())).toBe(
      'FOLDER: model.safetensors is missing; expected a folder with config.json, model.safetensors and tokenizer.json, as save_pretrained writes it, or `pretrained: false`: random weights',
    );
  });

  test('needs config.json and the tokenizer all the same', async () => {
    await rm(path('tokenizer.json'));
    expect(await refusal(job)).toBe(
      'FOLDER: tokenizer.json is missing; expected a folder with config.json and tokenizer.json, as save_pretrained writes it',
    );
  });
});

test('a task without text needs no tokenizer, and takes the settings for images where there are any', async () => {
  await rm(path('tokenizer.json'));
  await writeFile(path('preprocessor_config.json'), '{}');
  const found = await inspectModelFolder(folder, jobOf({ task: 'image-classification' }), labels);
  expect(found.tokenizer).toBeNull();
  expect(found.files.map(({ name }) => name)).toEqual(['config.json', 'model.safetensors', 'preprocessor_config.json']);
});

test('a folder of no family that can be trained is refused by its config.json', async () => {
  await writeFile(path('config.json'), '{"model_type":"robertta"}');
  expect(await refusal()).toMatch(
    /^FOLDER\/config.json: model_type: expected .*, found "robertta"; did you mean `roberta`\?$/,
  );
});

test("BERT's own head needs the pooler that it was trained with", async () => {
  const bert = new URL('../fixtures/tiny-bert', import.meta.url).pathname;
  await rm(folder, { recursive: true });
  await cp(bert, folder, { recursive: true });
  expect(
    (await inspectModelFolder(folder, jobOf({ pooling: 'native' }), labels)).tensors.has('pooler.dense.weight'),
  ).toBe(true);
  const kept: TensorToWrite[] = [];
  for await (const { name, shape, values } of readTensors(await readSafetensorsHeader(path('model.safetensors')))) {
    if (name.startsWith('pooler')) continue;
    kept.push({ name, dtype: 'F32', shape, bytes: new Uint8Array(values.buffer) });
  }
  await writeSafetensors(path('model.safetensors'), kept);
  expect(await refusal(jobOf({ pooling: 'native' }))).toMatch(/pooler\.dense\.weight +\[32, 32\] +missing/);
});

import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { gpt2, mapGpt2Names, OUTPUT_LAYER, WORD_EMBEDDINGS } from '../../models/families/gpt2.js';
import { inspectModelFolder } from '../../models/folder.js';
import { writeSafetensors } from '../../models/safetensors.js';
import { jobOf, openTinyGpt2, readJson, tinyGpt2 } from '../support/tiny-gpt2.js';

const json = readJson(join(tinyGpt2, 'config.json'));
const config = gpt2.parse(json, 'config.json');
const sorted = (names: Iterable<string>) => [...names].sort();

test('the tensors of a file that transformers saved are those that its configuration implies', async () => {
  const { header } = await openTinyGpt2();
  const { inFile, ignored } = gpt2.mapNames(header.tensors.keys(), config, jobOf('causal-lm'));
  expect(ignored).toEqual([]);
  const found = [...inFile].map(([name, stored]) => ({ name, shape: header.tensors.get(stored)!.shape }));
  const implied = gpt2.tensors(config, jobOf('causal-lm'));
  expect(new Map(found.map(({ name, shape }) => [name, shape]))).toEqual(
    new Map(implied.map(({ name, shape }) => [name, shape])),
  );
});

test('names are read with and without prefix; masks, old heads and the output layer are passed over', () => {
  const names = ['h.0.ln_1.weight', 'transformer.wte.weight', 'transformer.h.3.attn.c_attn.bias'];
  const unused = ['h.0.attn.bias', 'transformer.h.1.attn.masked_bias', 'lm_head.weight', 'score.weight'];
  const { inFile, ignored } = gpt2.mapNames(
    [...names, ...unused, 'transformer.h.0.ln_1.weight'],
    config,
    jobOf('causal-lm'),
  );
  expect(ignored).toEqual(sorted(unused));
  expect(Object.fromEntries(inFile)).toEqual({
    'h.0.ln_1.weight': 'h.0.ln_1.weight',
    'wte.weight': 'transformer.wte.weight',
    'h.3.attn.c_attn.bias': 'transformer.h.3.attn.c_attn.bias',
    'transformer.h.0.ln_1.weight': 'transformer.h.0.ln_1.weight', // twice: unexpected
  });
});

test('a classifier keeps the head of its own kind under our names, another kind gets a name that no head has', () => {
  const names = ['score.weight', 'head.weight', 'head.bias'];
  const mapped = (pooling: 'native' | 'mean') =>
    Object.fromEntries(mapGpt2Names(names, config, jobOf('text-classification', pooling)).inFile);
  expect(mapped('native')).toEqual({
    'head.weight': 'score.weight',
    'head.head.weight': 'head.weight',
    'head.head.bias': 'head.bias',
  });
  expect(mapped('mean')).toEqual({
    'head.score.weight': 'score.weight',
    'head.weight': 'head.weight',
    'head.bias': 'head.bias',
  });
});

test('a configuration of the smallest kind reads with the defaults of transformers', () => {
  const small = gpt2.parse(
    { model_type: 'gpt2', vocab_size: 50257, n_embd: 768, n_layer: 12, n_head: 12 },
    'config.json',
  );
  expect(small).toMatchObject({ innerWidth: 3072, maxPositions: 1024, layerNormEps: 1e-5, endOfTextId: null });
  const parameters = gpt2.tensors(small, jobOf('causal-lm')).map(({ shape }) => shape.reduce((a, b) => a * b, 1));
  expect(parameters.reduce((a, b) => a + b, 0)).toBe(124_439_808); // as published
  expect(config.innerWidth).toBe(96);
});

test.each([
  [{ tie_word_embeddings: false }, /tie_word_embeddings: expected true, found false/],
  [{ activation_function: 'relu' }, /activation_function: expected gelu_new or gelu_pytorch_tanh, found "relu"/],
  [{ n_head: 5 }, /expected n_head to divide n_embd, found 5 and 32/],
  [{ scale_attn_by_inverse_layer_idx: true }, /scale_attn_by_inverse_layer_idx: expected false, found true/],
  [{ n_layer: 0 }, /n_layer: expected a whole number above 0, found 0/],
  [{ vocab_size: undefined }, /vocab_size: expected a whole number above 0, found none/],
])('a configuration with %j is refused', (change, sentence) => {
  expect(() => gpt2.parse({ ...json, ...change }, 'config.json')).toThrow(sentence);
});

test('blocks are numbered from the embeddings before them to the norm after them', () => {
  const places = gpt2.tensors(config, jobOf('causal-lm')).map(({ name }) => gpt2.blockOf(name, config));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(gpt2.blockOf('wpe.weight', config)).toBe(-1);
  expect(gpt2.blockOf('h.1.mlp.c_fc.bias', config)).toBe(1);
  expect(gpt2.blockOf('ln_f.weight', config)).toBe(gpt2.blocks(config));
  const targets = gpt2.adapterTargets.map((pattern) => new RegExp(`^(?:${pattern})`, 'u'));
  const adapted = gpt2
    .tensors(config, jobOf('causal-lm'))
    .filter(({ name }) => targets.some((each) => each.test(name)));
  expect(adapted.map(({ name }) => name)).toEqual(['h.0.attn.c_attn.weight', 'h.1.attn.c_attn.weight']);
});

test('a language model is published under the names it came with', async () => {
  const { header } = await openTinyGpt2();
  const published = gpt2.publish(json, config, jobOf('causal-lm'), []);
  expect(published.config).toEqual(json);
  const names = gpt2.tensors(config, jobOf('causal-lm')).map(({ name }) => published.nameInFile(name));
  expect(sorted(names)).toEqual(sorted(header.tensors.keys()));
});

test('a classifier with the native head is published as GPT2ForSequenceClassification, any other as a plain model', () => {
  const native = gpt2.publish(json, config, jobOf('text-classification', 'native'), ['no', 'yes']);
  expect(native.config).toMatchObject({
    architectures: ['GPT2ForSequenceClassification'],
    pad_token_id: 0, // the end of text
    id2label: { 0: 'no', 1: 'yes' },
    label2id: { no: 0, yes: 1 },
  });
  expect(native.config).not.toHaveProperty('problem_type');
  expect(['head.weight', 'ln_f.bias'].map(native.nameInFile)).toEqual(['score.weight', 'transformer.ln_f.bias']);
  expect(gpt2.head(config, jobOf('text-classification', 'native'), 2)).toEqual([
    { name: 'head.weight', shape: [2, 32] },
  ]);

  const ours = gpt2.publish(json, config, jobOf('text-classification'), ['no', 'yes']);
  expect(ours.config).toMatchObject({ architectures: ['GPT2Model'], id2label: { 0: 'no', 1: 'yes' } });
  expect(['head.bias', 'ln_f.bias'].map(ours.nameInFile)).toEqual(['head.bias', 'ln_f.bias']);
  expect(gpt2.head(config, jobOf('text-classification'), 2)).toHaveLength(2);
});

/** The tiny model's folder with an output layer in its file besides. */
async function withOutputLayer(folder: string, change: (embeddings: Float32Array) => Float32Array): Promise<void> {
  const { header, config, weights } = await openTinyGpt2();
  for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json']) {
    await copyFile(join(tinyGpt2, name), join(folder, name));
  }
  const output = change(Float32Array.from(weights.get(WORD_EMBEDDINGS)!));
  const stored = [...header.tensors.values()].map(({ name, shape }) => {
    return { name, shape, values: weights.get(name.replace('transformer.', ''))! };
  });
  const shape = [output.length / config.width, config.width];
  await writeSafetensors(
    join(folder, 'model.safetensors'),
    [...stored, { name: OUTPUT_LAYER, shape, values: output }].map(({ values, ...tensor }) => ({
      ...tensor,
      dtype: 'F32' as const,
      bytes: () => new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    })),
  );
}

test('an output layer in the file is fine where it is the word embeddings, and refused where it is not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'temper-tied-'));
  const refused = /model.safetensors: expected lm_head.weight to equal transformer.wte.weight, found another tensor/;
  try {
    await withOutputLayer(folder, (embeddings) => embeddings);
    const { family, ignored, tensors } = await inspectModelFolder(folder, jobOf('causal-lm'));
    expect({ family: family.name, ignored, tensors: tensors.size }).toEqual({
      family: 'gpt2',
      ignored: [OUTPUT_LAYER],
      tensors: gpt2.tensors(config, jobOf('causal-lm')).length,
    });
    await withOutputLayer(folder, (embeddings) => embeddings.map((value, i) => (i === 777 ? value + 1e-3 : value)));
    await expect(inspectModelFolder(folder, jobOf('causal-lm'))).rejects.toThrow(refused);
    await withOutputLayer(folder, (embeddings) => embeddings.slice(0, -config.width));
    await expect(inspectModelFolder(folder, jobOf('causal-lm'))).rejects.toThrow(refused);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('new projections into the residual stream begin smaller by the square root of its additions', () => {
  const initial = new Map(gpt2.tensors(config, jobOf('causal-lm')).map((spec) => [spec.name, spec.initial]));
  expect(initial.get('h.1.attn.c_proj.weight')).toBe(0.25 / 2);
  expect(initial.get('h.0.mlp.c_proj.weight')).toBe(0.25 / 2);
  expect([...initial.values()].filter((value) => value !== undefined)).toHaveLength(4);
});

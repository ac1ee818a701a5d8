import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { partPaths } from '../../infra/parts.mjs';
import { catalogueEntry } from '../../models/catalogue.js';
import type { EncoderConfig } from '../../models/families/encoder-layout.js';
import { inspectModelFolder } from '../../models/folder.js';
import { ModelError } from '../../models/model-error.js';
import { readSafetensorsHeader, readTensors, writeSafetensors, type TensorToWrite } from '../../models/safetensors.js';
import { jobOf } from './job-of.js';

interface TokenizerJson {
  readonly model: { vocab?: Record<string, number> };
  readonly added_tokens: { id: number; content: string }[];
  pre_tokenizer: { type: string };
}

const job = jobOf();
const tinyBert = fileURLToPath(new URL('../fixtures/tiny-bert', import.meta.url));

test('the catalogue describes MiniLM as it is', async () => {
  const folder = await inspectModelFolder(partPaths().minilm, job);
  const config = folder.config as EncoderConfig;
  const entry = catalogueEntry('minilm-l6');
  const parameters = [...folder.tensors.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b), 0);
  expect(entry).toMatchObject({
    family: folder.family.name,
    parameters,
    hiddenSize: config.hiddenSize,
    layers: config.layers,
    maxTokens: config.maxPositions,
  });
  expect(folder.ignored).toEqual(['embeddings.position_ids', 'pooler.dense.bias', 'pooler.dense.weight']);
  expect(folder.tokenizer).toEqual({ type: 'WordPiece', vocabularySize: 30522, largestId: 30521 });
});

test('a model that the catalogue does not have is refused with the nearest name', () => {
  expect(() => catalogueEntry('minilm-l66')).toThrow('did you mean `minilm-l6`?');
  expect(() => catalogueEntry('gpt')).toThrow('known are `minilm-l6`; a folder of your own is named `file:FOLDER`');
});

describe('the folder of a model', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'temper-model-'));
    await cp(tinyBert, folder, { recursive: true });
  });
  afterEach(() => rm(folder, { recursive: true }));

  const refusal = async (): Promise<string> => {
    const error: unknown = await inspectModelFolder(folder, job).then(
      () => new Error('accepted'),
      (reason: unknown) => reason,
    );
    if (!(error instanceof ModelError)) throw error;
    return error.message.replaceAll(folder, 'FOLDER');
  };
  const editTokenizer = async (change: (json: TokenizerJson) => void): Promise<void> => {
    const name = 'tokenizer.json';
    const json = JSON.parse(await readFile(join(folder, name), 'utf8')) as TokenizerJson;
    change(json);
    await writeFile(join(folder, name), JSON.stringify(json));
  };
  const rewriteWeights = async (change: (tensors: Map<string, TensorToWrite>) => void): Promise<void> => {
    const path = join(folder, 'model.safetensors');
    const tensors = new Map<string, TensorToWrite>();
    for await (const { name, shape, values } of readTensors(await readSafetensorsHeader(path))) {
      if (!(values instanceof Float32Array)) continue;
      tensors.set(name, { name, dtype: 'F32', shape, bytes: new Uint8Array(values.buffer) });
    }
    change(tensors);
    await writeSafetensors(path, tensors.values());
  };

  test('that is whole gives its configuration, its files and its tensors', async () => {
    const found = await inspectModelFolder(folder, job);
    expect(found.config).toMatchObject({ hiddenSize: 32, layers: 2, vocabSize: 1000 });
    expect(found.files.map(({ name }) => name)).toEqual([
      'config.json',
      'model.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    expect(found.tensors.size).toBe(5 + 2 * 16);
  });

  test('may have the prefix bert. on its names', async () => {
    await rewriteWeights((tensors) => {
      for (const [name, tensor] of [...tensors]) {
        tensors.delete(name);
        tensors.set(`bert.${name}`, { ...tensor, name: `bert.${name}` });
      }
    });
    const { tensors } = await inspectModelFolder(folder, job);
    expect(tensors.get('embeddings.word_embeddings.weight')?.name).toBe('bert.embeddings.word_embeddings.weight');
  });

  test('has to be there, and to be a folder', async () => {
    await expect(inspectModelFolder(join(folder, 'no'), job)).rejects.toThrow(/^model: there is no folder .*no$/);
    await expect(inspectModelFolder(join(folder, 'config.json'), job)).rejects.toThrow(
      'expected a folder, found a file',
    );
  });

  test('without some of its files is refused with the names of all of them', async () => {
    await rm(join(folder, 'config.json'));
    await rm(join(folder, 'tokenizer.json'));
    expect(await refusal()).toMatch(/^FOLDER: config.json and tokenizer.json are missing; expected a folder with/);
  });

  test('with weights of another format is refused with how to convert them', async () => {
    await rm(join(folder, 'model.safetensors'));
    await writeFile(join(folder, 'pytorch_model.bin'), '');
    expect(await refusal()).toMatch(
      /model.safetensors is missing; it has pytorch_model.bin: save the model as safetensors/,
    );
  });

  test('that lacks tensors or has wrong shapes is refused with all differences', async () => {
    await rewriteWeights((tensors) => {
      tensors.delete('encoder.layer.1.output.dense.bias');
      const word = tensors.get('embeddings.word_embeddings.weight')!;
      tensors.set(word.name, { ...word, shape: [500, 64] });
    });
    const said = await refusal();
    expect(said).toContain('FOLDER/model.safetensors: 2 tensors differ');
    expect(said).toMatch(/encoder\.layer\.1\.output\.dense\.bias +\[32\] +missing/);
    expect(said).toMatch(/embeddings\.word_embeddings\.weight +\[1000, 32\] +\[500, 64\]/);
  });

  test('with a cut weights file is refused', async () => {
    const path = join(folder, 'model.safetensors');
    await writeFile(path, (await readFile(path)).subarray(0, 100_000));
    expect(await refusal()).toMatch(
      /^FOLDER\/model.safetensors: not a valid safetensors file: .* may have been cut short/,
    );
  });

  test('with integer weights is refused', async () => {
    await rewriteWeights((tensors) => {
      const bias = tensors.get('encoder.layer.0.output.dense.bias')!;
      tensors.set(bias.name, { ...bias, dtype: 'I32' });
    });
    expect(await refusal()).toContain(
      'expected weights of F32, F16 or BF16, found I32 in encoder.layer.0.output.dense.bias',
    );
  });

  test('with a tokenizer of more ids than the model has rows is refused', async () => {
    await editTokenizer(({ model }) => void (model.vocab!['##zebra'] = 1000));
    expect(await refusal()).toBe(
      'FOLDER/tokenizer.json: expected ids below 1000 (vocab_size in config.json), found "##zebra" with id 1000: use the tokenizer of this model',
    );
  });

  test('with an added token beyond the vocabulary is refused', async () => {
    await editTokenizer(({ added_tokens }) => added_tokens.push({ id: 1001, content: '<new>' }));
    expect(await refusal()).toContain('found "<new>" with id 1001');
  });

  test('with a tokenizer that the library does not know is refused', async () => {
    await editTokenizer((json) => (json.pre_tokenizer = { type: 'Sudachi' }));
    expect(await refusal()).toMatch(/expected a tokenizer that @huggingface\/tokenizers loads, .*Sudachi/);
  });

  test('with a tokenizer without a vocabulary, or that is not JSON, is refused', async () => {
    await editTokenizer(({ model }) => delete model.vocab);
    expect(await refusal()).toContain(
      'expected a tokenizer with a vocabulary, found none that is valid at model.vocab',
    );
    await writeFile(join(folder, 'tokenizer.json'), '{');
    expect(await refusal()).toMatch(/^FOLDER\/tokenizer.json: not valid JSON/);
  });
});

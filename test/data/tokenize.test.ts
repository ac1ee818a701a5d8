import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { DataError } from '../../data/data-error.js';
import { openTokenizer, type TextTokenizer } from '../../data/tokenize.js';
import { partPaths } from '../../infra/parts.mjs';

interface Reference {
  readonly variedSha256: string;
  readonly everyCodePointSha256: string;
  readonly cutTo: number;
  readonly texts: readonly { readonly text: string; readonly ids: number[]; readonly cut: number[] }[];
  readonly varied: readonly string[];
}

interface Vectors {
  readonly maxLength: number;
  readonly sentences: readonly { readonly text: string; readonly ids: number[] }[];
}

const readJson = <T>(name: string): T => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8')) as T;
/** Made by make-hf-token-ids.py. */
const reference = readJson<Reference>('hf-token-ids.json');
const tinyBert = fileURLToPath(new URL('../fixtures/tiny-bert', import.meta.url));

function digestOf(tokenizer: TextTokenizer, texts: Iterable<string>): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${tokenizer.encode(text).join(',')}\n`);
  return hash.digest('hex');
}

function* everyCodePoint(): Generator<string> {
  for (let code = 0; code < 0x30000; code++) {
    if (code < 0xd800 || code > 0xdfff) yield `a${String.fromCodePoint(code)}b`;
  }
}

describe('token ids of MiniLM equal those of Hugging Face', () => {
  let minilm: TextTokenizer;
  beforeAll(async () => {
    minilm = await openTokenizer(partPaths().minilm, 512);
  });

  test('for texts of all scripts', () => {
    for (const { text, ids } of reference.texts) expect([...minilm.encode(text)], JSON.stringify(text)).toEqual(ids);
  });

  test('for 5,000 more', () => {
    expect(digestOf(minilm, reference.varied)).toBe(reference.variedSha256);
  });

  test('for every code point between two letters', () => {
    expect(digestOf(minilm, everyCodePoint())).toBe(reference.everyCodePointSha256);
  });

  test('for the sentences whose vectors are compared', async () => {
    const fixture = readJson<Vectors>('../fixtures/minilm-sentence-vectors.json');
    const tokenizer = await openTokenizer(partPaths().minilm, fixture.maxLength);
    expect(fixture.sentences.length).toBeGreaterThan(10);
    for (const { text, ids } of fixture.sentences) expect([...tokenizer.encode(text)]).toEqual(ids);
  });

  test('when they are cut, the final [SEP] being kept', async () => {
    const short = await openTokenizer(partPaths().minilm, reference.cutTo);
    for (const { text, ids, cut } of reference.texts) {
      expect([...short.encode(text)]).toEqual(cut);
      expect(short.lastWasCut).toBe(ids.length > reference.cutTo);
    }
  });
});

describe('a tokenizer', () => {
  test('gives the ids of its own vocabulary', async () => {
    const { sentences } = readJson<Vectors>('../fixtures/tiny-bert-sentence-vectors.json');
    const tiny = await openTokenizer(tinyBert, 64);
    for (const { text, ids } of sentences) expect([...tiny.encode(text)]).toEqual(ids);
  });

  test('opens from its parsed files', async () => {
    const tokenizer = JSON.parse(await readFile(join(tinyBert, 'tokenizer.json'), 'utf8')) as object;
    const fromFiles = await openTokenizer({ tokenizer, config: {} }, 64);
    const fromFolder = await openTokenizer(tinyBert, 64);
    expect(fromFiles.encode('the head')).toEqual(fromFolder.encode('the head'));
  });

  test('needs room for a token of the text', async () => {
    await expect(openTokenizer(tinyBert, 2)).rejects.toThrow('data.maxLength: expected at least 3, found 2');
  });

  test('that the library refuses is a user error', async () => {
    const refused = openTokenizer({ tokenizer: { model: { type: 'Sudachi' } }, config: {} }, 8);
    await expect(refused).rejects.toThrow(DataError);
    await expect(refused).rejects.toThrow(/^tokenizer.json: expected a tokenizer that @huggingface\/tokenizers loads/);
  });
});

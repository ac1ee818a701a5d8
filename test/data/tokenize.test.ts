import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { DataError } from '../../data/data-error.js';
import { openTokenizer, type TextTokenizer } from '../../data/tokenize.js';
import { wordCache } from '../../data/word-cache.js';
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

describe('token ids of 5,000 varied texts equal those of Hugging Face', () => {
  /** Made by make-hf-varied-digests.py. */
  const digests =
    readJson<Record<string, { readonly sha256: string; readonly shown: number[][] }>>('hf-varied-digests.json');

  test.each([
    ['WordPiece of a small vocabulary', 'tiny-bert'],
    ['byte-level BPE', 'tiny-bpe'],
    ['byte-level BPE as GPT-2 has it', 'tiny-gpt2'],
    ['byte-level BPE as RoBERTa has it', 'tiny-roberta'],
    ['Unigram, as SentencePiece has it', 'tiny-unigram'],
  ])('%s', async (_, folder) => {
    const tokenizer = await openTokenizer(fileURLToPath(new URL(`../fixtures/${folder}`, import.meta.url)), 100_000);
    const { sha256, shown } = digests[folder]!;
    shown.forEach((ids, i) => expect([...tokenizer.encode(reference.varied[i]!)], reference.varied[i]).toEqual(ids));
    expect(digestOf(tokenizer, reference.varied)).toBe(sha256);
    expect(digestOf(tokenizer, reference.varied), 'its words being known').toBe(sha256);
  });
});

test('a word cache that is full begins again, with the same answers', () => {
  const asked: string[] = [];
  const words = wordCache((word) => {
    asked.push(word);
    return [word.length];
  }, 2);
  const found = ['a', 'bb', 'a', 'ccc', 'a', 'x'.repeat(60), 'x'.repeat(60)].map((word) => words(word)[0]);
  expect(found).toEqual([1, 2, 1, 3, 1, 60, 60]);
  expect(asked).toEqual(['a', 'bb', 'ccc', 'a', 'x'.repeat(60), 'x'.repeat(60)]);
});

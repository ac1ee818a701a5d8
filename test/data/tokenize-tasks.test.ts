import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { DataError } from '../../data/data-error.js';
import { openTokenizer, type TextTokenizer, type TokenizerFiles } from '../../data/tokenize.js';

/** Made by test/references/token_ids.py. */
interface Reference {
  readonly specialTokens: Readonly<Record<'cls' | 'sep', readonly [string, number]>>;
  readonly endOfText: number;
  readonly bpe: readonly { text: string; ids: number[] }[];
  readonly pairs: readonly {
    tokenizer: 'tiny-bert' | 'template' | 'processing';
    maxLength: number;
    first: string;
    second: string;
    ids: number[];
    types: number[];
  }[];
  readonly words: readonly {
    tokenizer: 'tiny-bert' | 'tiny-bpe';
    maxLength: number;
    words: string[];
    ids: number[];
    firstPieces: number[];
  }[];
}

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const readJson = <T>(name: string): T => JSON.parse(readFileSync(fixture(name), 'utf8')) as T;
const reference = readJson<Reference>('token-ids.json');

/** The tokenizer of tiny-bpe with the special tokens of RoBERTa, written in either way. */
function roberta(postProcessor: 'template' | 'processing'): TokenizerFiles {
  const tokenizer = readJson<{ added_tokens: object[] }>('tiny-bpe/tokenizer.json');
  const { cls, sep } = reference.specialTokens;
  const added = [cls, sep].map(([content, id]) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  const part = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  const text = (id: 'A' | 'B') => ({ Sequence: { id, type_id: 0 } });
  const special = ([content, id]: readonly [string, number]) => ({ id: content, ids: [id], tokens: [content] });
  const processors = {
    processing: { type: 'RobertaProcessing', sep, cls, trim_offsets: true, add_prefix_space: false },
    template: {
      type: 'TemplateProcessing',
      single: [part(cls[0]), text('A'), part(sep[0])],
      pair: [part(cls[0]), text('A'), part(sep[0]), part(sep[0]), text('B'), part(sep[0])],
      special_tokens: { [cls[0]]: special(cls), [sep[0]]: special(sep) },
    },
  };
  return {
    tokenizer: {
      ...tokenizer,
      added_tokens: [...tokenizer.added_tokens, ...added],
      post_processor: processors[postProcessor],
    },
    config: {},
  };
}

const opened = (
  name: Reference['pairs'][number]['tokenizer'] | 'tiny-bpe',
  maxLength: number,
): Promise<TextTokenizer> =>
  openTokenizer(name === 'template' || name === 'processing' ? roberta(name) : fixture(name), maxLength);

describe('ids of two texts equal those of Hugging Face,', () => {
  test.each(['tiny-bert', 'template', 'processing'] as const)('%s, cut or not', async (name) => {
    const pairs = reference.pairs.filter(({ tokenizer }) => tokenizer === name);
    expect(pairs.length).toBeGreaterThan(30);
    let cuts = 0;
    for (const { maxLength, first, second, ids, types } of pairs) {
      const tokenizer = await opened(name, maxLength);
      const found = tokenizer.encodePair(first, second);
      expect([...found.ids], `${maxLength}: ${first} | ${second}`).toEqual(ids);
      if (name === 'tiny-bert') expect([...found.types!]).toEqual(types);
      else expect(found.types).toBeNull();
      if (tokenizer.lastWasCut) cuts++;
      expect(tokenizer.lastWasCut).toBe((await opened(name, 500)).encodePair(first, second).ids.length > maxLength);
    }
    expect(cuts).toBeGreaterThan(2);
  });

  test('and there has to be room for a token of each', async () => {
    const tokenizer = await opened('tiny-bert', 4);
    expect(() => tokenizer.encodePair('a', 'b')).toThrow('data.maxLength: expected at least 5, found 4');
  });

  test('and a tokenizer that joins no texts is refused', async () => {
    const files = roberta('template');
    const tokenizer = { ...files.tokenizer, post_processor: null };
    const joined = await openTokenizer({ tokenizer, config: {} }, 8);
    expect([...joined.encodePair('a', 'b').ids]).toHaveLength(2);
    expect(joined.encodePair('a', 'b').types).toBeNull();
  });
});

describe('ids of words equal those of Hugging Face with is_split_into_words,', () => {
  test.each(['tiny-bert', 'tiny-bpe'] as const)('%s, with the place of each first piece', async (name) => {
    const all = reference.words.filter(({ tokenizer }) => tokenizer === name);
    expect(all.length).toBeGreaterThan(30);
    for (const { maxLength, words, ids, firstPieces } of all) {
      const found = (await opened(name, maxLength)).encodeWords(words);
      expect([...found.ids], words.join(' ')).toEqual(ids);
      expect([...found.firstPieces]).toEqual(firstPieces);
    }
  });
});

describe('byte-level BPE', () => {
  let bpe: TextTokenizer;
  beforeAll(async () => {
    bpe = await opened('tiny-bpe', 32);
  });

  test('gives the ids of Hugging Face', () => {
    for (const { text, ids } of reference.bpe) expect([...bpe.encodeBare(text)], JSON.stringify(text)).toEqual(ids);
    expect(bpe.endOfText()).toBe(reference.endOfText);
  });

  test('decodes ids to the text they were made of', () => {
    for (const { text, ids } of reference.bpe) expect(bpe.decode(ids)).toBe(text);
    expect(bpe.decode([])).toBe('');
  });

  test('knows the end of a text by the config, else by its name', async () => {
    const { tokenizer } = roberta('template');
    const end = async (config: object) => (await openTokenizer({ tokenizer, config }, 8)).endOfText();
    expect(await end({ eos_token: '</s>' })).toBe(reference.specialTokens.sep[1]);
    expect(await end({ eos_token: { content: '<s>' } })).toBe(reference.specialTokens.cls[1]);
    expect(await end({})).toBe(reference.endOfText);
    await expect(end({ eos_token: '<eos>' })).rejects.toThrow('found "<eos>", which the vocabulary lacks');
  });

  test('needs a token that ends a text', async () => {
    const bert = await opened('tiny-bert', 8);
    expect(() => bert.endOfText()).toThrow(DataError);
    expect(() => bert.endOfText()).toThrow(
      'expected a token that ends a text (eos_token in tokenizer_config.json), found none',
    );
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { synonymRules } from '../../../data/augment/synonym-rules.js';
import { tokenizerRules } from '../../../data/augment/token-rules.js';
import { augmentedTokens } from '../../../data/augment/tokens.js';
import { readTokenizerFiles } from '../../../data/load-tokenizer.js';
import { openTokenizer } from '../../../data/tokenize.js';
import { draw } from '../../../training/counter-random.js';
import { bitsOf } from '../../../training/examples/row-draws.js';
import { fixture } from '../../support/image-model.js';

const MAX_LENGTH = 64;

async function openTable(model: string, table: Record<string, readonly string[]>) {
  const files = await readTokenizerFiles(fixture(model));
  const tokenizer = await openTokenizer(files, MAX_LENGTH);
  const { unknown: unknownId, ...rules } = tokenizerRules(files);
  const foreign = new Set([...rules.special, ...(unknownId === null ? [] : [unknownId])]);
  const { rules: synonyms, unknown } = synonymRules(new Map(Object.entries(table)), tokenizer, files, foreign);
  const special = new Set(rules.special);
  const shown = (ids: Int32Array) => tokenizer.decode(Array.from(ids).filter((id) => !special.has(id))).trim();
  const seen = (text: string, { p = 1, step = 1, room = MAX_LENGTH } = {}): string =>
    shown(
      augmentedTokens(
        { ids: tokenizer.encode(text), types: null },
        { synonyms: { table: '', p } },
        { ...rules, synonyms },
        bitsOf({ seed: 7, epoch: 0, step }, 0, 0),
        room,
      ).ids,
    );
  const plain = (text: string): string => shown(tokenizer.encode(text));
  return { tokenizer, rules: { ...rules, synonyms }, synonyms, unknown, seen, plain };
}

const models = ['tiny-bert', 'tiny-bpe', 'tiny-unigram'];

describe.each(models)('synonyms in the tokens of %s', (model) => {
  test('take the place of whole words, at the beginning, within and at the end of a text', async () => {
    const { seen, plain } = await openTable(model, { bird: ['large plant'], 'a time': ['an age'] });
    for (const [text, expected] of [
      ['bird of the sea', 'large plant of the sea'],
      ['the bird', 'the large plant'],
      ['the (bird), not birds', 'the (large plant), not birds'],
      ['songbird or birdy', 'songbird or birdy'],
      ['a time, not a times', 'an age, not a times'],
    ] as const) {
      expect(seen(text)).toBe(plain(expected));
    }
  });

  test('are drawn: a function of step and place, each as likely, in the share that the job says', async () => {
    const { seen, plain } = await openTable(model, { bird: ['plant', 'stone'] });
    const counts = new Map<string, number>();
    for (let step = 0; step < 2000; step++) {
      const found = seen('the bird', { p: 0.4, step });
      expect(seen('the bird', { p: 0.4, step })).toBe(found);
      counts.set(found, (counts.get(found) ?? 0) + 1);
    }
    const share = (text: string) => counts.get(plain(text))! / 2000;
    expect(Math.abs(share('the bird') - 0.6)).toBeLessThan(0.03);
    expect(Math.abs(share('the plant') - 0.2)).toBeLessThan(0.03);
    expect(Math.abs(share('the stone') - 0.2)).toBeLessThan(0.03);
    expect(counts.size).toBe(3);
  });

  test('are left out where there is no room for them', async () => {
    const { seen, plain, tokenizer } = await openTable(model, { bird: ['bird of the sea'] });
    const { length } = tokenizer.encode('a bird and a bird');
    const more = tokenizer.encode('a bird of the sea and a bird').length - length;
    expect(seen('a bird and a bird', { room: length })).toBe(plain('a bird and a bird'));
    expect(seen('a bird and a bird', { room: length + more })).toBe(plain('a bird of the sea and a bird'));
    expect(seen('a bird and a bird', { room: length + 2 * more })).toBe(
      plain('a bird of the sea and a bird of the sea'),
    );
  });
});

test('the longest of the words that begin at a place counts, and words within it are not replaced', async () => {
  const { seen } = await openTable('tiny-bert', { time: ['age'], 'time of day': ['hour'], day: ['night'] });
  expect(seen('the time of day is a time')).toBe('the hour is a age');
});

test('a draw that leaves a longer word leaves the words in it', async () => {
  const { seen } = await openTable('tiny-bert', { time: ['age'], 'time of day': ['hour'] });
  const found = new Set(Array.from({ length: 200 }, (_, step) => seen('the time of day', { p: 0.5, step })));
  expect(found).toEqual(new Set(['the time of day', 'the hour']));
});

test('words that the tokenizer does not know are told of, and stand for no unknown word', async () => {
  const { seen, unknown } = await openTable('tiny-bert', {
    語彙: ['plant'],
    bird: ['語彙', 'stone'],
    day: ['語彙'],
    The: ['the'],
  });
  expect(unknown).toEqual(['語彙', 'day', 'The']);
  expect(seen('a 語 bird')).toMatch(/stone$/);
  await expect(openTable('tiny-bert', { 語彙: ['plant'] })).rejects.toThrow(
    'expected words that the model\'s tokenizer knows, found 1 that it does not, such as "語彙"',
  );
  await expect(openTable('tiny-bert', { bird: ['[SEP]'] })).rejects.toThrow('found 1 that it does not');
});

test('one table gives these very ids at these draws, in the first and the second text of a pair', async () => {
  const { tokenizer, rules } = await openTable('tiny-bert', { bird: ['large plant', 'stone'], sea: ['lake'] });
  const bits = (site: number, i: number) => draw(11, site, i);
  const pair = tokenizer.encodePair('the bird by the sea', 'a bird, a bird');
  const { ids, types } = augmentedTokens(pair, { synonyms: { table: '', p: 0.6 } }, rules, bits, MAX_LENGTH);
  expect(tokenizer.decode([...ids])).toMatchInlineSnapshot(`"[CLS] the stone by the sea [SEP] a stone, a bird [SEP]"`);
  expect([...types!].join('')).toMatch(/^0+1+$/);
  expect(types!.indexOf(1)).toBe(ids.indexOf(pair.ids.at(-1)!) + 1);
});

test('without a draw nothing changes, and with any no special token is lost or gained, whatever the texts', async () => {
  const { tokenizer, rules } = await openTable('tiny-bert', { a: ['the', 'of the'], 'the bird': ['a'], of: ['in'] });
  const words = fc.array(fc.constantFrom('a', 'the', 'bird', 'birds', 'of', '[SEP]', ',', '語'), { maxLength: 12 });
  const special = (ids: Int32Array) => [...ids].filter((id) => rules.special.includes(id));
  fc.assert(
    fc.property(words, words, fc.nat(), fc.nat(8), (first, second, step, more) => {
      const pair = tokenizer.encodePair(first.join(' '), second.join(' '));
      const seen = (p: number) =>
        augmentedTokens(
          pair,
          { synonyms: { table: '', p } },
          rules,
          bitsOf({ seed: 7, epoch: 0, step }, 0, 0),
          pair.ids.length + more,
        );
      expect(seen(0)).toEqual(pair);
      const { ids, types } = seen(1);
      expect(special(ids)).toEqual(special(pair.ids));
      expect(types).toHaveLength(ids.length);
      expect(ids.length).toBeLessThanOrEqual(pair.ids.length + more);
    }),
  );
});

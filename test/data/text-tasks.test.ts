import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { DataError } from '../../data/data-error.js';
import { checkSource } from '../../data/inspect-source.js';
import type { TokensManifest } from '../../data/manifest.js';
import { splits } from '../../data/split.js';
import { openTokenizer, type TextTokenizer } from '../../data/tokenize.js';
import { jsonl, prepared } from '../support/prepared.js';
import { jobOf } from './job-of.js';

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const bySplit = { split: { column: 'split' } };
let bert: TextTokenizer;
beforeAll(async () => {
  bert = await openTokenizer(fixture('tiny-bert'), 16);
});

const prepare = (rows: readonly object[], job: ReturnType<typeof jobOf>, tokenizer = bert) =>
  prepared<TokensManifest>({ source: jsonl(rows), job, tokenizer });

async function refusal(rows: readonly object[], job: ReturnType<typeof jobOf>): Promise<string> {
  const error: unknown = await checkSource({ source: jsonl(rows), job }).then(
    () => new Error('accepted'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof DataError)) throw error;
  return error.message;
}

describe('pairs of texts', () => {
  const job = jobOf({ textPair: 'other', maxLength: 16 });
  const rows = Array.from({ length: 60 }, (_, i) => ({
    text: `a fruit ${i}`,
    other: i % 3 === 0 ? `an animal that is ${i} ${'long '.repeat(20)}` : `time ${i}`,
    label: i % 2 === 0 ? 'same' : 'other',
  }));

  test('are tokenised together, with their types', async () => {
    const { manifest, rows: found } = await prepare(rows, job);
    expect(manifest).toMatchObject({ kind: 'tokens', target: 'class', pairs: true });
    expect(found).toHaveLength(60);
    for (const row of found) {
      const given = rows[Number(row.id) - 1]!;
      const { ids, types } = bert.encodePair(given.text, given.other);
      expect(row.list('tokens')).toEqual([...ids]);
      expect(row.list('types')).toEqual([...types!]);
      expect(row.text).toBe(`${given.text} [SEP] ${given.other}`);
    }
    const cut = rows.filter((_, i) => i % 3 === 0).length;
    expect(splits.reduce((sum, split) => sum + manifest.cut[split], 0)).toBe(cut);
  });

  test('are twins only when both texts are the same', async () => {
    const twins = [...rows, { ...rows[0]!, other: 'another' }, rows[1]!];
    const job = jobOf({ textPair: 'other', clean: { dropDuplicates: true } });
    const { cleaning } = await checkSource({ source: jsonl(twins), job });
    expect(cleaning).toMatchObject({ droppedEmpty: 0, droppedDuplicates: 1, droppedContradictions: 0 });
  });

  test('need their column', async () => {
    expect(await refusal([{ text: 'a', othr: 'b', label: 'c' }], job)).toContain(
      'expected a column `other` (data.textPair), found `text`, `othr` and `label`; did you mean `othr`?',
    );
  });
});

describe('many labels', () => {
  const job = jobOf({ multiLabel: true, maxLength: 16 });
  const cells = [['b', 'a'], 'a|c', '', 'c', '["b"]', ' c | b |c', null, []];
  const rows = Array.from({ length: 160 }, (_, i) => ({ text: `row ${i}`, label: cells[i % cells.length] }));

  test('are a list or stand between bars; none is a class of its own', async () => {
    const { manifest, rows: found } = await prepare(rows, job);
    expect(manifest).toMatchObject({ target: 'classes', labels: ['a', 'b', 'c'] });
    expect(found).toHaveLength(160);
    const expected = [[0, 1], [0, 2], [], [2], [1], [1, 2], [], []];
    for (const row of found) expect(row.list('labels')).toEqual(expected[(Number(row.id) - 1) % cells.length]);
  });

  test('are counted by the rows that have them, and shared out by the rarest', async () => {
    const { rowsPerClass, rows: counts } = await checkSource({ source: jsonl(rows), job });
    expect(counts).toEqual({ train: 128, validation: 16, test: 16 });
    expect(
      rowsPerClass.train.map((count, label) => count + rowsPerClass.validation[label]! + rowsPerClass.test[label]!),
    ).toEqual([40, 60, 60]);
    for (const split of ['validation', 'test'] as const)
      for (const count of rowsPerClass[split]) expect(count).toBeGreaterThan(2);
  });

  test('need a class at all', async () => {
    expect(await refusal([{ text: 'a', label: '' }], job)).toContain('expected classes in column `label`, found none');
  });
});

describe('tagged words', () => {
  const job = jobOf({ words: 'words', label: 'tags', maxLength: 12 }, { task: 'token-classification' });
  const sentences = [
    { words: ['an', 'animal', 'that', 'flies'], tags: ['O', 'B', 'O', 'I'] },
    { words: ['unpronounceablewordofmanypieces', 'time', '1999'], tags: ['B', 'O', 'I'] },
    { words: ['a', '\u0000', 'fruit'], tags: ['O', 'B', 'I'] },
  ];
  const rows = Array.from({ length: 60 }, (_, i) => {
    const { words, tags } = sentences[i % 3]!;
    return { id: `s${i}`, words: [...words, `w${i}`], tags: [...tags, 'O'] };
  });

  test('carry their tag on the first piece alone', async () => {
    const short = await openTokenizer(fixture('tiny-bert'), 12);
    const { manifest, rows: found } = await prepare(rows, job, short);
    expect(manifest).toMatchObject({ target: 'tags', labels: ['B', 'I', 'O'] });
    expect(found).toHaveLength(60);
    for (const row of found) {
      const { words, tags } = rows[Number(row.id.slice(1))]!;
      const { ids, firstPieces } = short.encodeWords(words);
      const expected = new Array<number>(ids.length).fill(-1);
      firstPieces.forEach((place, word) => {
        if (place !== -1) expected[place] = ['B', 'I', 'O'].indexOf(tags[word]!);
      });
      expect(row.list('tokens')).toEqual([...ids]);
      expect(row.list('tags')).toEqual(expected);
      expect(row.text).toBe(words.join(' '));
    }
    expect(found.some((row) => row.list('tags').filter((tag) => tag >= 0).length < 4)).toBe(true); // a word was cut
  });

  test.each([
    [
      'a text for words',
      { words: 'a b', tags: ['O', 'O'] },
      'a.jsonl:61: expected a list of words in column `words`, found "a b"',
    ],
    [
      'too few tags',
      { words: ['a', 'b'], tags: ['O'] },
      'a.jsonl:61: expected as many tags in column `tags` as there are words (2), found 1',
    ],
    [
      'an empty tag',
      { words: ['a', 'b'], tags: ['O', ''] },
      'a.jsonl:61: expected a tag for every word in column `tags`, found none for word 2',
    ],
    [
      'null for a word',
      { words: ['a', null], tags: ['O', 'O'] },
      'a.jsonl:61: expected a text in column `words`, found null as entry 2',
    ],
  ])('are refused with %s', async (_, row, message) => {
    expect(await refusal([...rows, row], job)).toContain(message);
  });
});

describe('texts for a causal language model', () => {
  let bpe: TextTokenizer;
  const job = (data: object = {}) => jobOf({ maxLength: 16, ...data }, { task: 'causal-lm' });
  beforeAll(async () => {
    bpe = await openTokenizer(fixture('tiny-bpe'), 16);
  });

  test('are cut into blocks in which every token is predicted exactly once', async () => {
    const row = fc.record({ text: fc.string({ minLength: 1, maxLength: 60 }), split: fc.constantFrom(...splits) });
    const everywhere = splits.map((split) => ({ text: 'one', split }));
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 12 }), async (some) => {
        const given = [...some, ...everywhere];
        const { manifest, rows } = await prepare(given, job({ ...bySplit, clean: { dropEmpty: false } }), bpe);
        for (const split of splits) {
          const texts = given.filter((row) => row.split === split).map(({ text }) => bpe.encodeBare(text));
          const stream = [0, ...texts.flatMap((ids) => [...ids, 0])];
          const blocks = rows.filter((row) => row.split === split).map((row) => row.list('tokens'));
          expect(blocks.flatMap((block) => block.slice(1))).toEqual(stream.slice(1));
          blocks.forEach((block, i) => {
            expect(block.length).toBeLessThanOrEqual(17);
            if (i < blocks.length - 1) expect(block).toHaveLength(17);
            expect(block[0]).toBe(i === 0 ? 0 : blocks[i - 1]!.at(-1));
          });
          expect(manifest.rows[split]).toBe(blocks.length);
          expect(manifest.texts[split]).toBe(texts.length);
          const lengths = blocks.map((block) => block.length - 1);
          manifest.lengths[split].forEach((count, n) =>
            expect(lengths.filter((length) => length === n)).toHaveLength(count),
          );
        }
      }),
      { numRuns: 30 },
    );
  });

  test('say of each block which token it predicts first, and its text', async () => {
    const rows = [
      { id: 'x', text: 'an animal that flies over the water of a lake at night', split: 'train' },
      { id: 'y', text: 'one', split: 'train' },
      ...['validation', 'test'].map((split) => ({ id: split, text: 'two', split })),
    ];
    const { rows: found } = await prepare(rows, job(bySplit), bpe);
    const stream = rows
      .slice(0, 2)
      .flatMap(({ id, text }) => [...bpe.encodeBare(text), 0].map((_, at) => `${id}:${at}`));
    const blocks = found.filter(({ split }) => split === 'train');
    expect(blocks.length).toBeGreaterThan(1);
    expect(blocks.map(({ id }) => id)).toEqual(blocks.map((_, i) => stream[16 * i]));
    for (const block of blocks) expect(block.text).toBe(bpe.decode(block.list('tokens')));
  });

  test('have no classes; an empty one is dropped; steps are known once they are tokenised', async () => {
    const rows = Array.from({ length: 20 }, (_, i) => ({ text: i === 3 ? ' ' : `row ${i}` }));
    const report = await checkSource({ source: jsonl(rows), job: job() });
    expect(report).toMatchObject({ target: 'next', labels: [], stepsPerEpoch: null, warnings: [] });
    expect(report.cleaning.droppedEmpty).toBe(1);
    expect(report.rows).toEqual({ train: 15, validation: 2, test: 2 });
  });

  test('need a tokenizer that can end them', async () => {
    await expect(
      prepare([{ text: 'a' }, { text: 'b' }, ...Array.from({ length: 18 }, (_, i) => ({ text: `c${i}` }))], job()),
    ).rejects.toThrow('expected a token that ends a text');
  });
});

import { expect, test } from 'vitest';
import { readSynonymTable, synonymLines } from '../../../data/augment/synonym-table.js';
import { memorySource } from '../../../data/byte-source.js';
import type { FileFormat } from '../../../data/readers/formats.js';

const read = (text: string, format: FileFormat = 'csv') =>
  readSynonymTable(memorySource(`words.${format}`, text), format);

test('a table says the same as CSV, TSV and JSON Lines, a row a word or a row a pair', async () => {
  const lines = '{"word":"car","synonyms":["auto","motor car"]}\n{"word":"big","synonyms":["large"]}\n';
  for (const table of [
    read('word,synonyms\ncar,auto | motor car\nbig,large\n'),
    read('synonyms,note,word\nauto,x,car\nlarge,,big\nmotor car,,car\nauto,again,car\n'),
    read('word\tsynonyms\n car \tauto|motor car\nbig\tlarge\n', 'tsv'),
    read('word,synonyms\ncar,"[""auto"", ""motor car""]"\nbig,large\n'),
    read(lines, 'jsonl'),
  ]) {
    expect(synonymLines(await table)).toBe(lines);
  }
});

test.each([
  [
    'word,synonym\ncar,auto\n',
    'csv',
    'expected a column `synonyms` in words.csv, found `word` and `synonym`: rename `synonym`',
  ],
  ['car,auto\n', 'csv', 'found no row'],
  [
    'car,auto\nbig,large\n',
    'csv',
    'expected a column `word` in words.csv, found `car` and `auto`: the first line names the columns',
  ],
  [
    'word,synonyms\ncar,auto\n,large\n',
    'csv',
    'words.csv:3: expected a text in column `word`, found an empty cell: fill it in',
  ],
  ['word,synonyms\ncar,\n', 'csv', 'words.csv:2: expected a text in column `synonyms`, found an empty cell'],
  [
    'word,synonyms\ncar,car | \n',
    'csv',
    'words.csv:2: expected another word than "car" in column `synonyms`, found none',
  ],
  ['word,synonyms\ncar,auto,large\n', 'csv', 'words.csv:2'],
  ['{"word":"car","synonyms":{"a":1}}\n', 'jsonl', 'words.jsonl:1: expected a text in column `synonyms`'],
  ['{"word":"car","synonyms":["auto"]\n', 'jsonl', 'words.jsonl:1'],
  ['', 'csv', 'words.csv'],
] as const)('a table that cannot be meant is refused with its place: %j', async (text, format, sentence) => {
  await expect(read(text, format)).rejects.toThrow(sentence);
});

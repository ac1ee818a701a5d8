import { expect, test } from 'vitest';
import { parseCard } from '../../cli/runs/published-model.js';
import { linesOf, readTexts, textsOfJsonl } from '../../cli/runs/texts.js';

test("a text of each line: the job's column, else text, else the line's own string", () => {
  const content = '{"gloss": "a cat", "text": "x"}\n\n{"text": "a dog"}\r\n"a bird"\n';
  expect(textsOfJsonl(content, 'gloss', 'f.jsonl')).toEqual(['a cat', 'a dog', 'a bird']);
});

test('a line that is no JSON, or has no text, is named by its number', () => {
  expect(() => textsOfJsonl('{"gloss": "a"}\n{', 'gloss', 'f.jsonl')).toThrow(/^f\.jsonl:2: this line is no JSON/);
  expect(() => textsOfJsonl('{"x": "a"}', 'gloss', 'f.jsonl')).toThrow(
    'f.jsonl:1: expected an object with the text in "gloss"',
  );
  expect(() => textsOfJsonl('[1]', 'gloss', 'f.jsonl')).toThrow('f.jsonl:1: expected');
});

test('empty lines are no texts', () => {
  expect(linesOf('one\r\n \ntwo\n')).toEqual(['one', 'two']);
});

test('texts and a file at once are refused; a file that is not there is named', async () => {
  await expect(readTexts({ texts: ['a'], file: 'b', column: 'text' })).rejects.toThrow(
    'Give either texts or --file, not both.',
  );
  await expect(readTexts({ texts: [], file: '/nowhere.txt', column: 'text' })).rejects.toThrow(
    'There is no file /nowhere.txt.',
  );
});

const card = {
  format: 'temper-model/2',
  run: 'glosses-1a2b3c4d',
  data: {
    ...{ format: 'temper-dataset/2', task: 'tabular-regression', target: 'value', labels: [], files: [] },
    ...{ kind: 'features', width: 0, transform: { numeric: [], categorical: [] }, values: null },
    rows: { train: 1, validation: 1, test: 1 },
    rowsPerClass: { train: [], validation: [], test: [] },
    unseen: { train: 0, validation: 0, test: 0 },
    cleaning: { rowsRead: 3, droppedEmpty: 0, droppedDuplicates: 0, droppedContradictions: 0 },
  },
  job: { name: 'glosses', task: 'text-classification', model: 'minilm-l6', data: { source: 'x.jsonl' } },
};

test('a card gives how the data was prepared, and the job with its defaults', () => {
  const parsed = parseCard(JSON.stringify(card));
  expect(parsed.data.kind).toBe('features');
  expect(parsed.job.data.maxLength).toBe(128);
});

test('a card of another version is refused', () => {
  expect(() => parseCard(JSON.stringify({ ...card, format: 'temper-model/9' }))).toThrow(
    'temper.json is not what this version of Temper writes',
  );
  expect(() => parseCard('{')).toThrow('temper.json is no JSON');
});

import { describe, expect, test } from 'vitest';
import { arrange } from '../../../data/sources/arrange.js';

const pathsOf = (paths: string[]) => arrange(paths, 'data').files.map(({ path }) => path);

test('files of a folder come in the order of their names, without what is hidden or beside the data', () => {
  expect(pathsOf(['b.csv', '.hidden.csv', 'a.csv', '_SUCCESS', 'README.md', 'notes.docx'])).toEqual(['a.csv', 'b.csv']);
});

test('packed files are told by the name before', () => {
  expect(arrange(['a.jsonl.gz', 'b.jsonl.zst'], 'data').files.map(({ format }) => format)).toEqual(['jsonl', 'jsonl']);
});

describe('splits', () => {
  test('are told by the first word of the names, as on the hub', () => {
    const { files } = arrange(
      ['data/train-00000-of-00002.parquet', 'data/train-00001-of-00002.parquet', 'data/dev-00000-of-00001.parquet'],
      'set',
    );
    expect(files.map(({ fields }) => fields?.['split'])).toEqual(['validation', 'train', 'train']);
  });

  test('are told by the folders of a set that was saved', () => {
    const { files } = arrange(
      [
        'dataset_dict.json',
        'train/state.json',
        'train/dataset_info.json',
        'train/data-00000-of-00001.arrow',
        'train/cache-0123.arrow',
        'test/state.json',
        'test/data-00000-of-00001.arrow',
      ],
      'set',
    );
    expect(files).toEqual([
      { path: 'test/data-00000-of-00001.arrow', format: 'arrow', fields: { split: 'test' } },
      { path: 'train/data-00000-of-00001.arrow', format: 'arrow', fields: { split: 'train' } },
    ]);
  });

  test('are not told by some of the files alone', () => {
    expect(arrange(['train.csv', 'more.csv'], 'data').files.map(({ fields }) => fields)).toEqual([
      undefined,
      undefined,
    ]);
  });
});

test('texts in folders are one example each', () => {
  expect(arrange(['spam/1.txt', 'ham/2.txt'], 'mail').kind).toBe('texts');
  expect(arrange(['1.txt', '2.txt'], 'books').kind).toBe('tables');
});

test('files of several formats are refused with what to name', () => {
  expect(() => arrange(['a.csv', 'b.jsonl'], 'data')).toThrow(
    'expected files of one format in data, found a.csv and b.jsonl: name those that are meant, such as data/*.csv',
  );
});

test('a folder without data says what was looked for', () => {
  expect(() => arrange(['a.xlsx'], 'data')).toThrow('in data, found none among a.xlsx');
  expect(() => arrange([], 'data')).toThrow('found no file');
});

import { describe, expect, test } from 'vitest';
import { datasetSpec } from '../../data/dataset-spec.js';
import type { Job } from '../../job/schema.js';
import { jobOf } from './job-of.js';

const spec = (task: Job['task'], data: object = {}, rest: object = {}, imageSize: number | null = null): string =>
  JSON.stringify(datasetSpec(jobOf(data, { task, ...rest }), imageSize));

/** Keys of `data` that change what is prepared for a task, with another value than the default. */
const matters: Readonly<Record<Job['task'], readonly object[]>> = {
  'text-classification': [{ text: 'a' }, { textPair: 'b' }, { label: 'c' }, { multiLabel: true }, { maxLength: 64 }],
  'token-classification': [{ words: 'a' }, { label: 'c' }, { maxLength: 64 }],
  'causal-lm': [{ text: 'a' }, { maxLength: 64 }],
  'image-classification': [{ image: 'a' }, { label: 'c' }],
  'tabular-classification': [{ features: ['a'] }, { scale: 'none' }, { label: 'c' }],
  'tabular-regression': [{ features: { numeric: ['a'] } }, { scale: 'min-max' }, { label: 'c' }],
};
const always = [
  { clean: { dropDuplicates: true } },
  { clean: { dropEmpty: false } },
  { split: { column: 'split' } },
  { split: { train: 0.7, validation: 0.2, test: 0.1 } },
  { split: { stratify: false } },
];

describe.each(Object.keys(matters) as Job['task'][])('the spec of %s', (task) => {
  test('is another for every key that matters', () => {
    const specs = [{}, ...matters[task], ...always].map((data) => spec(task, data));
    expect(new Set(specs).size).toBe(specs.length);
  });

  test('is the same for what does not', () => {
    const base = spec(task);
    const others = Object.entries(matters)
      .filter(([other]) => other !== task)
      .flatMap(([, keys]) => keys)
      .filter((keys) => !matters[task].some((own) => Object.keys(own)[0] === Object.keys(keys)[0]));
    for (const data of others) expect(spec(task, data), JSON.stringify(data)).toBe(base);
    expect(spec(task, { source: 'another.csv' }, { train: { batchSize: 8 } })).toBe(base);
  });
});

test('the seed counts for a split by fractions alone, the size for images alone', () => {
  const [one, two] = [{ seed: 1 }, { seed: 2 }];
  expect(spec('causal-lm', {}, one)).not.toBe(spec('causal-lm', {}, two));
  const byColumn = { split: { column: 'split' } };
  expect(spec('causal-lm', byColumn, one)).toBe(spec('causal-lm', byColumn, two));
  expect(spec('image-classification', {}, {}, 64)).not.toBe(spec('image-classification', {}, {}, 96));
  expect(spec('causal-lm', {}, {}, 64)).toBe(spec('causal-lm', {}, {}, 96));
});

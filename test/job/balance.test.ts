import { expect, test } from 'vitest';
import { weightsProblem } from '../../job/balance.js';
import { JobError } from '../../job/job-error.js';
import { parseJob } from '../../job/parse.js';
import { jobOf } from '../data/job-of.js';

function refusal(task: string, data: string): string {
  try {
    parseJob(`name: a\ntask: ${task}\nmodel: file:x\ndata: { source: a.csv, ${data} }\n`, 'job.yaml');
    return 'accepted';
  } catch (error) {
    if (error instanceof JobError) return error.message;
    throw error;
  }
}

test.each([
  ['tabular-regression', 'balance: sampling', '`task: tabular-regression` has none'],
  ['causal-lm', 'balance: class-weights', '`task: causal-lm` has none'],
  ['text-classification', 'multiLabel: true, balance: class-weights', 'a row has any number'],
  ['token-classification', 'balance: class-weights', 'say what each tag weighs'],
  ['token-classification', 'balance: sampling', 'say what each tag weighs'],
  ['text-classification', 'balance: { weights: { a: 0 } }', 'expected a number above 0'],
  ['text-classification', 'balance: smapling', 'did you mean `sampling`?'],
])('%s with %s is refused', (task, data, message) => {
  expect(refusal(task, data)).toContain(message);
});

test.each([
  ['text-classification', 'balance: sampling'],
  ['image-classification', 'balance: class-weights'],
  ['tabular-classification', 'balance: { weights: { a: 2 } }'],
  ['token-classification', 'balance: { weights: { O: 0.2 } }'],
])('%s with %s is taken', (task, data) => {
  expect(refusal(task, data)).toBe('accepted');
});

test('weights of what is no class are refused once the classes are known', () => {
  const { data } = jobOf({ balance: { weights: { posItive: 2 } } });
  expect(weightsProblem({ data }, ['negative', 'positive'])).toBe(
    'data.balance.weights: expected names of classes, found `posItive`; did you mean `positive`?',
  );
  expect(weightsProblem({ data }, ['negative', 'posItive'])).toBeNull();
});

test.each([
  ['split: { by: hash }', 'accepted'],
  ['split: { by: group }', 'data.split.key: required key is missing'],
  ['split: { by: tme, key: day }', 'expected `hash`, `group` or `time`'],
  ['split: { folds: 5, fold: 5 }', 'data.split.fold: expected a number from 0 to 4 (5 folds), found 5'],
  ['split: { by: time, key: day, train: 0.5 }', 'expected fractions that sum to 1'],
  ['clean: { missing: {} }', 'data.clean.missing: fills cells of a table'],
  ['clean: { minImageSide: 32 }', 'data.clean.minImageSide: is of images'],
])('of a text, %s is %s', (data, message) => {
  expect(refusal('text-classification', data)).toContain(message);
});

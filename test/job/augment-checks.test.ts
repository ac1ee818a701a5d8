import { expect, test } from 'vitest';
import { parseJob } from '../../job/parse.js';

const job = (task: string, augment: string, more = '') =>
  parseJob(
    `{ name: test, task: ${task}, model: ${task.startsWith('tabular') ? 'mlp' : '"file:x"'}, data: { source: x.csv, augment: ${augment}${task.startsWith('tabular') && more.includes('scale') ? `, ${more}` : ''} }${more && !more.includes('scale') ? `, ${more}` : ''} }`,
    'job.yaml',
  );

test.each([
  ['image-classification', '{ horizontalFlip: 0.5, randAugment: {}, mixup: {}, cutmix: {}, randomErasing: {} }'],
  ['text-classification', '{ tokenDropout: {}, tokenSwap: { p: 0.2 }, masking: {}, synonyms: { table: words.csv } }'],
  ['token-classification', '{ masking: {} }'],
  ['tabular-classification', '{ noise: {}, mixup: { alpha: 0.2 } }'],
  ['tabular-regression', '{ noise: { std: 0.3 }, mixup: {} }'],
])('%s takes %s', (task, augment) => {
  expect(Object.keys(job(task, augment).data.augment!).length).toBeGreaterThan(0);
});

test('the defaults are those of torchvision', () => {
  const { augment } = job(
    'image-classification',
    '{ randomResizedCrop: {}, randAugment: {}, randomErasing: {}, mixup: {} }',
  ).data;
  expect(augment).toEqual({
    randomResizedCrop: { scale: [0.08, 1], ratio: [3 / 4, 4 / 3] },
    randAugment: { numOps: 2, magnitude: 9, numMagnitudeBins: 31, interpolation: 'nearest', fill: 0 },
    randomErasing: { p: 0.5, scale: [0.02, 0.33], ratio: [0.3, 3.3], value: 0 },
    mixup: { alpha: 1 },
  });
});

test.each([
  ['text-classification', '{ horizontalFlip: 0.5 }', '', 'belongs to `image-classification`'],
  ['text-classification', '{ mixup: {} }', '', 'there is nothing between two tokens'],
  ['token-classification', '{ mixup: {} }', '', 'the tags of two texts do not stand at the same places'],
  ['token-classification', '{ tokenDropout: {} }', '', 'tears words from their tags'],
  [
    'token-classification',
    '{ synonyms: { table: a.csv } }',
    '',
    'puts other words in the place of those that are tagged',
  ],
  ['causal-lm', '{ synonyms: { table: a.csv } }', '', 'changes the text that a language model is to learn'],
  ['tabular-regression', '{ synonyms: { table: a.csv } }', '', 'belongs to `text-classification`'],
  ['text-classification', '{ synonyms: {} }', '', 'expected a text'],
  ['text-classification', '{ synonyms: { table: a.csv, share: 1 } }', '', 'share'],
  ['text-classification', '{ synonyms: { tabel: a.csv } }', '', 'did you mean `table`'],
  ['text-classification', '{ synonyms: { table: a.csv, p: 2 } }', '', 'found `2`'],
  ['causal-lm', '{ masking: {} }', '', 'changes the text that a language model is to learn'],
  ['causal-lm', '{ mixup: {} }', '', 'two texts have no token that follows both'],
  ['tabular-regression', '{ cutmix: {} }', '', 'belongs to `image-classification`'],
  ['tabular-regression', '{ noise: {} }', 'scale: none', 'is in units of the scaled column'],
  ['tabular-regression', '{ noise: {} }', 'scale: { columns: { a: none } }', 'is in units of the scaled column'],
  ['image-classification', '{ mixup: {} }', 'train: { loss: focal }', 'focal loss is not defined'],
  ['image-classification', '{ randomCrop: {}, randomResizedCrop: {} }', '', 'keep one or the other'],
  ['image-classification', '{ randomResizedCrop: { scale: [0.5, 1.5] } }', '', 'at most 1, found [0.5, 1.5]'],
  ['image-classification', '{ randomErasing: { ratio: [2, 1] } }', '', 'found [2, 1]'],
  ['image-classification', '{ randAugment: { magnitude: 31 } }', '', 'expected a strength below numMagnitudeBins (31)'],
  ['image-classification', '{ randomResizedCrop: { scale: 0.5 } }', '', 'expected a list of values'],
  ['image-classification', '{ horizontalFlip: { p: 0.5 } }', '', 'expected a number'],
  ['image-classification', '{ horizontalflip: 0.5 }', '', 'did you mean `horizontalFlip`'],
])('%s with %s %s is refused: %s %s', (task, augment, more, sentence) => {
  expect(() => job(task, augment, more)).toThrow(sentence);
});

import { describe, expect, test } from 'vitest';
import { JobError } from '../../job/job-error.js';
import { parseJob } from '../../job/parse.js';
import type { Task } from '../../job/schema.js';

const jobText = (task: Task, data = '', more = '') =>
  `name: a\ntask: ${task}\nmodel: ${task.startsWith('tabular') ? 'mlp' : 'm'}\ndata: { source: a.jsonl${data === '' ? '' : `, ${data}`} }\n${more}`;

function refusal(text: string): string {
  try {
    parseJob(text, 'job.yaml');
  } catch (error) {
    if (error instanceof JobError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('what belongs to a task is accepted', () => {
  test.each<[Task, string, string]>([
    ['text-classification', 'text: a, textPair: b, multiLabel: true, maxLength: 64', 'pooling: first'],
    ['text-classification', '', 'train: { stopEarly: { metric: validation.f1 } }\nselectBest: validation.auroc'],
    ['token-classification', 'words: w, label: tags', 'selectBest: validation.f1'],
    ['causal-lm', 'text: a, maxLength: 1', 'selectBest: validation.perplexity\nlora: { rank: 4 }'],
    ['image-classification', 'image: file, imageSize: 64', 'freeze: { lastBlocks: 2 }'],
    ['tabular-classification', 'features: [a, b], scale: min-max', 'mlp: { hidden: [8] }'],
    ['tabular-regression', 'features: { numeric: [a], categorical: [b] }', 'train: { loss: huber }'],
    ['tabular-regression', 'label: price', 'freeze: { train: [head] }'],
    ['text-classification', '', 'pretrained: false\nfreeze: { freeze: [embeddings] }'],
  ])('%s { %s } %s', (task, data, more) => {
    expect(refusal(jobText(task, data, more))).toBe('accepted');
  });
});

describe('what a task has no use for is refused with its place', () => {
  test.each<[Task, string, string, string]>([
    [
      'image-classification',
      'textPair: b',
      '',
      'job.yaml:4:26: data.textPair: names the second of two texts, which belongs to `text-classification`: leave it out for `task: image-classification`',
    ],
    ['tabular-regression', 'multiLabel: true', '', 'data.multiLabel: lets a text have any number of classes'],
    ['image-classification', 'multiLabel: true', '', 'data.multiLabel: '],
    ['token-classification', 'text: sentence', '', 'data.text: names the column of a text'],
    ['text-classification', 'words: tokens', '', 'data.words: names the column of words'],
    ['text-classification', 'image: file', '', 'data.image: names the column of image files'],
    ['text-classification', 'imageSize: 32', '', 'data.imageSize: is the size of images'],
    ['text-classification', 'features: [a]', '', 'data.features: names the columns of a table'],
    ['causal-lm', 'scale: none', '', 'data.scale: scales the columns of a table'],
    [
      'causal-lm',
      'label: topic',
      '',
      'data.label: names what is to be predicted; causal-lm predicts the text itself: leave it out',
    ],
    ['tabular-classification', 'maxLength: 64', '', 'data.maxLength: limits the tokens of a text'],
    ['causal-lm', '', 'pooling: first', 'pooling: makes one vector of a text'],
    ['tabular-regression', '', 'lora: {}', 'lora: adapts a pre-trained base, which belongs to'],
    ['text-classification', '', 'mlp: {}', 'mlp: shapes `model: mlp`, found `model: m`'],
  ])('%s { %s } %s', (task, data, more, message) => {
    expect(refusal(jobText(task, data, more))).toContain(message);
  });

  test('model: mlp learns from tables alone', () => {
    const text = jobText('text-classification').replace('model: m', 'model: mlp');
    expect(refusal(text)).toContain(
      'job.yaml:3:8: model: expected a model for `task: text-classification`, found `mlp`',
    );
  });
});

describe('what is frozen has to have been learnt', () => {
  test.each([
    ['all', 'pretrained: false'],
    ['{ gradual: {} }', 'pretrained: false'],
    ['{ lastBlocks: 2 }', 'pretrained: false'],
  ])('freeze: %s is refused with %s', (freeze, more) => {
    expect(refusal(jobText('text-classification', '', `freeze: ${freeze}\n${more}`))).toContain(
      'freeze: expected `none` with `pretrained: false`: frozen random weights would never learn',
    );
  });

  test('model: mlp has nothing to keep', () => {
    expect(refusal(jobText('tabular-regression', '', 'freeze: { gradual: {} }'))).toContain(
      'freeze: expected `none` for `model: mlp`, which has no pre-trained base to keep',
    );
  });

  test('lora freezes the base itself', () => {
    expect(refusal(jobText('text-classification', '', 'lora: {}\nfreeze: all'))).toContain(
      'freeze: cannot be combined with `lora`',
    );
    expect(refusal(jobText('text-classification', '', 'lora: {}\npretrained: false'))).toContain(
      'lora: adapts a pre-trained base, found `pretrained: false`',
    );
  });
});

describe('metrics, losses and patterns', () => {
  test.each([
    ['selectBest: validation.rmse', 'selectBest: expected a metric of text-classification, found `validation.rmse`'],
    ['train: { stopEarly: { metric: validation.mae } }', 'train.stopEarly.metric: expected a metric of'],
    [
      'train: { schedule: { name: reduce-on-plateau, metric: validation.r2 } }',
      'train.schedule.metric: expected a metric of',
    ],
    ['train: { loss: mse }', 'train.loss: expected `auto`, `cross-entropy` or `focal` for text-classification'],
    [
      'train: { groups: [{ match: ["head", "a["] }] }',
      'train.groups[0].match[1]: expected a regular expression, found "a["',
    ],
    ['lora: { targets: ["("] }', 'lora.targets[0]: expected a regular expression'],
    ['freeze: { freeze: ["a("] }', 'freeze.freeze[0]: expected a regular expression'],
  ])('%s', (more, message) => {
    expect(refusal(jobText('text-classification', '', more))).toContain(message);
  });

  test('the metric of a schedule that has none is not looked at', () => {
    const more = 'train: { schedule: { name: cosine, metric: validation.r2 } }';
    expect(refusal(jobText('text-classification', '', more))).toBe('accepted');
  });
});

describe('every column is another', () => {
  test.each<[Task, string, string]>([
    [
      'text-classification',
      'text: a, textPair: a',
      'data.textPair: expected a column of its own, found `a`, which is the text',
    ],
    [
      'token-classification',
      'words: x, label: x',
      'data.label: expected a column of its own, found `x`, which is the words',
    ],
    [
      'tabular-regression',
      'label: y, features: [a, y]',
      'data.features[1]: expected a column of its own, found `y`, which is the label',
    ],
    [
      'tabular-regression',
      'features: { numeric: [a], categorical: [b, a] }',
      'data.features.categorical[1]: expected a column of its own, found `a`, which is a feature',
    ],
    [
      'tabular-regression',
      'features: {}',
      'data.features: expected columns under `numeric` or `categorical`, found none',
    ],
    [
      'causal-lm',
      'text: a, split: { column: a }',
      'data.split.column: expected a column of its own, found `a`, which is the text',
    ],
    ['text-classification', 'textPair: b, maxLength: 4', 'data.maxLength: expected at least 5'],
  ])('%s { %s }', (task, data, message) => {
    expect(refusal(jobText(task, data))).toContain(message);
  });
});

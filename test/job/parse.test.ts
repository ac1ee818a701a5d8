import { describe, expect, test } from 'vitest';
import { JobError } from '../../job/job-error.js';
import { parseJob } from '../../job/parse.js';

const head = 'name: glosses\ntask: text-classification\nmodel: minilm-l6\n';
const withData = `${head}data:\n  source: glosses.jsonl\n`;

/** What parseJob says of a file, a line for each problem. */
function refusal(text: string): string {
  try {
    parseJob(text, 'job.yaml');
  } catch (error) {
    if (error instanceof JobError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('a job file', () => {
  test('with only what is required gets the defaults', () => {
    const job = parseJob(withData, 'job.yaml');
    expect(job.data.split).toEqual({ train: 0.8, validation: 0.1, test: 0.1, stratify: true });
    expect(job.train.learningRate).toBe(5e-5);
    expect(job.freeze).toBe('none');
  });

  test('may be JSON, indented with tabs', () => {
    const json = JSON.stringify(
      { name: 'a', task: 'text-classification', model: 'm', data: { source: 's.csv' } },
      null,
      '\t',
    );
    expect(parseJob(json, 'job.json').data.source).toBe('s.csv');
  });

  test('reads 1e-4 as a number', () => {
    expect(parseJob(`${withData}train:\n  learningRate: 1e-4\n`, 'job.yaml').train.learningRate).toBe(1e-4);
  });
});

describe('a job file is refused, with line and column,', () => {
  test.each([
    [
      'for a misspelt key',
      `${withData}train:\n  epochs: 2\n  learningrate: 0.1\n`,
      'job.yaml:8:3: train.learningrate: unknown key, did you mean `learningRate`?',
    ],
    [
      'for a key of another section',
      `${withData}learningRate: 0.1\n`,
      'job.yaml:6:1: learningRate: unknown key here, it belongs under `train`',
    ],
    [
      'for a key like no other',
      `${withData}  clean: { zebra: 1 }\n`,
      'job.yaml:6:12: data.clean.zebra: unknown key, valid here: `dropDuplicates`, `dropEmpty`, `nearDuplicates`, `unicode`, `stripHtml`, `dropControlCharacters`, `length`, `labels`, `missing`, `outliers` and `minImageSide`',
    ],
    [
      'for a missing key',
      `${head}data: { text: gloss }\n`,
      'job.yaml:4:1: data.source: required key is missing: expected a text',
    ],
    ['for a missing section', head, 'job.yaml:1:1: data: required key is missing: expected `{ source: text }`'],
    [
      'for a number in quotes',
      `${withData}train: { epochs: "3" }\n`,
      'job.yaml:6:18: train.epochs: expected a whole number above 0, found the text "3"',
    ],
    [
      'for half an epoch',
      `${withData}train: { epochs: 1.5 }\n`,
      'job.yaml:6:18: train.epochs: expected a whole number above 0, found `1.5`',
    ],
    [
      'for a value out of range',
      `${withData}train: { learningRate: 3 }\n`,
      'job.yaml:6:24: train.learningRate: expected a number above 0 and at most 1, found `3`',
    ],
    [
      'for a value that is none of the choices',
      `${withData}train: { schedule: warmup-linaer }\n`,
      'job.yaml:6:20: train.schedule: expected `warmup-linear`, `constant`, `linear`, `cosine`, `cosine-restarts`, `polynomial`, `one-cycle`, `reduce-on-plateau` or `{ name: text }`, found the text "warmup-linaer"; did you mean `warmup-linear`?',
    ],
    [
      'for a name that S3 keys cannot hold',
      withData.replace('glosses\n', 'My Glosses\n'),
      'job.yaml:1:7: name: expected lower-case letters, digits and dashes, at most 63, found the text "My Glosses"',
    ],
    [
      'for an empty text',
      withData.replace('glosses.jsonl', '""'),
      'job.yaml:5:11: data.source: expected a text, found an empty one',
    ],
    [
      'for a section that is a text',
      `${withData}train: fast\n`,
      'job.yaml:6:8: train: expected a section with keys such as `epochs`, found the text "fast"',
    ],
    [
      'for a job that is a list',
      '- a\n',
      'job.yaml:1:1: expected `{ name: text, task: text, model: text, data: object }`, found a list',
    ],
  ])('%s', (_, text, message) => {
    expect(refusal(text)).toBe(message);
  });

  test('with every problem, in the order of the file', () => {
    const said = refusal(`nam: x\n${withData}seed: -1\nfoo: 1\n`).split('\n');
    expect(said).toEqual([
      'job.yaml:1:1: nam: unknown key, did you mean `name`?',
      'job.yaml:7:7: seed: expected a whole number of at least 0 and at most 2147483647, found `-1`',
      'job.yaml:8:1: foo: unknown key, valid here: `name`, `task`, `model`, `pretrained`, `mlp`, `pooling`, `data`, `freeze`, `lora`, `reuseFeatures`, `train`, `checkpoint`, `selectBest`, `exactness`, `threads` and `seed`',
    ]);
  });
});

describe('a union is refused by the branch that was meant:', () => {
  test.each([
    ['{ tran: [head] }', 'freeze.tran: unknown key, did you mean `train`?'],
    ['{ train: head }', 'freeze.train: expected a list of texts, found the text "head"'],
    ['{ train: [] }', 'freeze.train: expected at least one entry, found an empty list'],
    ['{ train: [3] }', 'freeze.train[0]: expected a text, found `3`'],
    [
      'nonee',
      'freeze: expected `none`, `all`, `{ train: […] }`, `{ freeze: […] }`, `{ lastBlocks: number }` or `{ gradual: object }`, found the text "nonee"; did you mean `none`?',
    ],
    [
      '[head]',
      'freeze: expected `none`, `all`, `{ train: […] }`, `{ freeze: […] }`, `{ lastBlocks: number }` or `{ gradual: object }`, found a list',
    ],
    [
      '{ train: ["head"], freeze: ["embeddings"] }',
      'freeze.freeze: cannot be combined with `train`: keep one or the other',
    ],
    ['{ train: ["encoder.layer.[45"] }', 'freeze.train[0]: expected a regular expression, found "encoder.layer.[45": '],
  ])('freeze: %s', (freeze, message) => {
    expect(refusal(`${withData}freeze: ${freeze}\n`)).toContain(message);
  });

  test.each([
    ['{ colum: split }', 'data.split.colum: unknown key, did you mean `column`?'],
    ['{ column: split, train: 0.8 }', 'data.split.train: cannot be combined with `column`: keep one or the other'],
    ['{ train: "0.8" }', 'data.split.train: expected a number above 0 and below 1, found the text "0.8"'],
    ['{ train: 80 }', 'data.split.train: expected a number above 0 and below 1, found `80`'],
    ['{ train: 0.9 }', 'expected fractions that sum to 1, found train 0.9 + validation 0.1 + test 0.1 = 1.1'],
    ['{ column: 3 }', 'data.split.column: expected a text, found `3`'],
    [
      '5',
      'data.split: expected `{ column: text }`, `{ train: number, validation: number, test: number, stratify: boolean }`, `{ by: hash }`, `{ by: group, key: text }`, `{ by: time, key: text }` or `{ folds: number, fold: number }`, found `5`',
    ],
  ])('split: %s', (split, message) => {
    const said = refusal(`${withData}  split: ${split}\n`);
    expect(said).toContain(message);
    expect(said.split('\n')).toHaveLength(1);
  });
});

test('fractions may sum to 1 with the error of floating point', () => {
  expect(refusal(`${withData}  split: { train: 0.7, validation: 0.2, test: 0.1 }\n`)).toBe('accepted');
});

describe('conditions between keys:', () => {
  test('text and label are two columns', () => {
    expect(refusal(`${withData}  text: a\n  label: a\n`)).toBe(
      'job.yaml:7:10: data.label: expected a column of its own, found `a`, which is the text',
    );
  });
  test('the split column is neither', () => {
    expect(refusal(`${withData}  split: { column: label }\n`)).toContain(
      'data.split.column: expected a column of its own, found `label`, which is the label',
    );
  });
  test('an example holds a token of its text', () => {
    expect(refusal(`${withData}  maxLength: 2\n`)).toContain('data.maxLength: expected at least 3');
  });
  test('a schedule that depends on every validation has its limit', () => {
    const of = (epochs: number, schedule: string) =>
      refusal(`${withData}train: { epochs: ${epochs}, schedule: ${schedule} }\n`);
    for (const schedule of ['reduce-on-plateau', '{ name: reduce-on-plateau }']) {
      expect(of(2001, schedule)).toContain(
        'train.epochs: expected at most 2000 with `schedule: reduce-on-plateau`, whose rate depends on',
      );
      expect(of(2000, schedule)).toBe('accepted');
    }
    expect(of(2001, 'cosine')).toBe('accepted');
  });
  test('a warm-up is not endless', () => {
    expect(refusal(`${withData}train: { warmupSteps: 2000000 }\n`)).toContain(
      'train.warmupSteps: expected at most 1000000 steps',
    );
  });
});

describe('a file that is not YAML is refused with the line:', () => {
  test.each([
    ['empty', '', 'job.yaml:1:1: the file is empty: expected a job'],
    ['only a comment', '# todo\n', 'job.yaml:1:1: the file is empty: expected a job'],
    ['a duplicate key', `${withData}seed: 1\nseed: 2\n`, 'job.yaml:7:1: the same key is given twice: keep one of them'],
    ['a list left open', `${withData}freeze: { train: [head }\n`, 'job.yaml:6:'],
    [
      'a tab for indentation',
      `${head}data:\n\tsource: a.csv\n`,
      'job.yaml:5:1: a tab indents this line: YAML wants spaces',
    ],
    ['two documents', `${withData}---\n${withData}`, 'job.yaml:6:1: a second document (`---`) begins here'],
    ['an alias to nothing', `${withData}seed: *x\n`, 'job.yaml:1:1: not readable as YAML: '],
  ])('%s', (_, text, message) => {
    expect(refusal(text)).toContain(message);
  });
});

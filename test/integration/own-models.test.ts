import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endRuns, expectExit, startRun, watchToEnd } from '../support/runs.js';
import { copyFixture, writeDocsModule, writeImages, writeJob, writeTable, writeWords } from '../support/own-models.js';
import { startTestStack, type CommandResult, type TestStack } from '../support/stack.js';

const images = { task: 'image-classification', model: 'file:residual.keras', data: { source: 'images' } };
const features = { numeric: ['a', 'b'], categorical: ['colour'] };
const table = {
  task: 'tabular-regression',
  model: 'file:table.keras',
  data: { source: 'table.csv', label: 'price', features },
};
const words = { task: 'text-classification', model: 'file:words.keras', data: { source: 'words.jsonl', maxLength: 5 } };
const experts = {
  task: 'tabular-classification',
  model: 'module:my-model.mjs',
  data: { source: 'table.csv', label: 'kind', features },
};
const row = '{"a": 1, "b": 2, "colour": "red"}';

interface Answer {
  readonly value?: number;
  readonly scores?: Readonly<Record<string, number>>;
}

/** One line on stderr, exit 2. */
const refused = ({ code, stdout, stderr }: CommandResult, says: RegExp) => {
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(says);
  expect(stderr.trim().split('\n')).toHaveLength(1);
};

const expectSame = (found: Answer, expected: Answer) => {
  expect(Object.keys(found.scores!).sort()).toEqual(Object.keys(expected.scores!).sort());
  for (const [label, score] of Object.entries(found.scores!)) {
    expect(Math.abs(score - expected.scores![label]!)).toBeLessThan(1e-5);
  }
};

const write = async (directory: string) => {
  await writeImages(directory);
  writeTable(directory);
  writeWords(directory);
  writeDocsModule(directory);
  for (const name of ['residual', 'table', 'words', 'nested']) copyFixture(directory, `keras-models/${name}.keras`);
};

describe('models of the user’s own, from `temper run` to `predict`', () => {
  let stack: TestStack;
  const runs: Record<string, string> = {};
  const jobs = { images, table, words, experts, grey: { ...images, model: 'file:nested.keras' } };

  beforeAll(async () => {
    stack = await startTestStack();
    await write(stack.directory);
    for (const [name, job] of Object.entries(jobs)) {
      runs[name] = await startRun(stack, writeJob(stack.directory, name, job));
    }
    for (const run of Object.values(runs)) expect(await watchToEnd(stack, run)).toMatchObject({ state: 'done' });
  }, 300_000);
  afterAll(() => stack.stop());

  const answers = new Map<string, Promise<Answer>>();
  /** Asked once of each model: loading one takes a second or two. */
  const predicted = (model: string, input: string, env: NodeJS.ProcessEnv = {}): Promise<Answer> => {
    const ask = async () =>
      JSON.parse(expectExit(await stack.temper(['predict', model, input, '--json'], { env }))) as Answer;
    const answer = answers.get(`${model} ${input}`) ?? ask();
    answers.set(`${model} ${input}`, answer);
    return answer;
  };
  const checked = async (name: string, job: object) =>
    stack.temper(['run', writeJob(stack.directory, name, job as Record<string, unknown>), '--check']);

  it('Keras models answer for images, grey ones too, for tables and for texts', async () => {
    const [coloured, grey, value, text] = await Promise.all([
      predicted(runs['images']!, 'images/red/0.png'),
      predicted(runs['grey']!, 'images/red/0.png'),
      predicted(runs['table']!, row),
      predicted(runs['words']!, 'one two three'),
    ]);
    for (const { scores } of [coloured, grey]) expect(Object.keys(scores!).sort()).toEqual(['blue', 'green', 'red']);
    expect(value.value).toBeTypeOf('number');
    expect(Object.keys(text.scores!).sort()).toEqual(['high', 'low', 'middle']);
  });

  it('exported as a layers model one answers the same, and is trained on with the head that it has', async () => {
    const same = async (name: string, input: string) => {
      expectExit(await stack.temper(['export', runs[name]!, '--to', `${name}-web`, '--format', 'tfjs-layers']));
      expectSame(await predicted(`./${name}-web`, input), await predicted(runs[name]!, input));
    };
    await Promise.all([same('images', 'images/red/0.png'), same('words', 'one two three')]);
    const again = await checked('again', { ...images, model: 'file:images-web' });
    expect(expectExit(again)).toMatch(/is fine/);
    expect(again.stderr).toBe('');
  });

  it('a head is replaced where nobody says its labels, and kept for a number', async () => {
    expect((await checked('fresh', images)).stderr).toMatch(/the head .* is replaced by a new one of 3 classes/);
    expect((await checked('number', table)).stderr).toBe('');
  });

  it('a module’s folder runs code: only where it is said that it may', async () => {
    const answer = await predicted(runs['experts']!, row);
    expectExit(await stack.temper(['export', runs['experts']!, '--to', 'experts']));
    refused(await stack.temper(['predict', './experts', row]), /whose code would run here: set TEMPER_ALLOW_MODULES=1/);
    expect(await predicted('./experts', row, { TEMPER_ALLOW_MODULES: '1' })).toEqual(answer);
    expectExit(await stack.temper(['export', runs['experts']!, '--to', 'frozen', '--format', 'saved-model']));
    expectSame(await predicted('./frozen', row), answer);
    expect(expectExit(await checked('on', { ...experts, model: 'file:experts' }))).toMatch(/is fine/);
  });

  it('what is wrong with a model is one sentence, and nothing starts', async () => {
    const data = { ...table.data, features: ['a', 'b'] };
    refused(
      await checked('narrow', { ...table, data }),
      /expected 6 inputs, as its input layer has, found 2 in the data/,
    );
    refused(await checked('task', { ...images, model: 'file:table.keras' }), /of a Keras model that reads a table/);
    refused(
      await checked('size', { ...images, data: { ...images.data, imageSize: 24 } }),
      /data\.imageSize: expected 12/,
    );
    refused(
      await checked('long', { ...words, data: { source: 'words.jsonl' } }),
      /data\.maxLength: expected at most 5/,
    );
    refused(
      await checked('folder', { ...experts, data: { ...data, label: 'kind' }, model: 'file:experts' }),
      /expected 6 inputs, as it was trained with, found 2/,
    );
    mkdirSync(join(stack.directory, 'bare'));
    copyFixture(join(stack.directory, 'bare'), 'keras-models/words.keras');
    refused(await checked('bare', { ...words, model: 'file:bare' }), /bare\/tokenizer\.json is missing/);
    writeFileSync(join(stack.directory, 'ends.mjs'), 'process.exit(3);');
    refused(
      await checked('ends', { ...experts, model: 'module:ends.mjs' }),
      /ends\.mjs: it ended the process that it was tried in/,
    );
    writeFileSync(join(stack.directory, 'empty.mjs'), 'export const createModel = () => ({});');
    refused(
      await checked('empty', { ...experts, model: 'module:empty.mjs' }),
      /createModel: expected an object with tensors/,
    );
    refused(
      await stack.temper(['export', runs['experts']!, '--to', 'web', '--format', 'tfjs-layers']),
      /that came from Keras/,
    );
    refused(await stack.temper(['predict', './images', 'images/red/0.png']), /a folder that `temper export` wrote/);
  });
});

it('a worker that may run no modules fails the run in a sentence', async () => {
  const stack = await startTestStack({ env: { TEMPER_ALLOW_MODULES: '0' } });
  try {
    writeTable(stack.directory);
    writeDocsModule(stack.directory);
    const { state, message } = await watchToEnd(
      stack,
      await startRun(stack, writeJob(stack.directory, 'refused', experts)),
    );
    expect(state).toBe('failed');
    expect(message).toMatch(/the model is a module, whose code would run here: set TEMPER_ALLOW_MODULES=1/);
    await endRuns(stack);
  } finally {
    await stack.stop();
  }
});

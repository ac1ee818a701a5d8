import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { manifestOf, recomputedDigest } from '../support/bucket.js';
import { fixture } from '../support/image-model.js';
import {
  endRuns,
  expectExit,
  explain,
  killNow,
  runReaches,
  startRun,
  watchToEnd,
  writeTinyJob,
  type Ending,
} from '../support/runs.js';
import { ALL_THREADS, startTestStack, type TestStack } from '../support/stack.js';
import { writeImages } from '../support/tiny-data.js';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack({ env: ALL_THREADS });
}, 300_000);
afterEach(() => endRuns(stack));
afterAll(() => stack.stop());

/** 96 steps of two epochs. */
function augmentedTexts(): string {
  writeFileSync(
    join(stack.directory, 'words.csv'),
    'word,synonyms\nperson,human being|somebody\nsmall,little\nbody of water,lake\n',
  );
  const augment = { synonyms: { table: 'words.csv', p: 0.8 }, tokenDropout: { p: 0.2 }, tokenSwap: { p: 0.2 } };
  return writeTinyJob(stack.directory, { name: 'words', data: { augment }, train: { epochs: 2 } }, 'words.yaml');
}

/** 72 steps of six epochs. */
async function augmentedImages(): Promise<string> {
  await writeImages(stack.directory, 60);
  cpSync(fixture('tiny-resnet'), join(stack.directory, 'tiny-resnet'), { recursive: true });
  const job = {
    name: 'pictures',
    task: 'image-classification',
    model: 'file:tiny-resnet',
    data: {
      source: 'images',
      imageSize: 32,
      augment: {
        randomCrop: { padding: 4, paddingMode: 'reflect' },
        horizontalFlip: 0.5,
        colorJitter: { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 },
        mixup: { alpha: 0.4 },
        cutmix: {},
      },
    },
    train: { epochs: 6, batchSize: 4, learningRate: 1e-3, warmupSteps: 3 },
    checkpoint: { everySteps: 10 },
  };
  writeFileSync(join(stack.directory, 'pictures.yaml'), stringify(job));
  return 'pictures.yaml';
}

const weightsOf = ({ result }: Ending): string | undefined =>
  result.model.files.find(({ name }) => name === 'model.safetensors')?.sha256;

async function expectSame(run: string, untouched: Ending): Promise<void> {
  const { state, message, ...ending } = await watchToEnd(stack, run);
  expect({ state, message }).toEqual({ state: 'done', message: `${run} is done.` });
  const { final } = untouched.result;
  expect(ending.result.final.stateDigest).toBe(final.stateDigest);
  expect(recomputedDigest(stack, manifestOf(stack, run, ending.result.final.sequence))).toBe(final.stateDigest);
  expect(ending.result.observations).toEqual(untouched.result.observations);
  expect(weightsOf({ state, message, ...ending })).toBe(weightsOf(untouched));
}

it(
  'texts whose words, order and number change: SIGKILL of the engine, a table that is gone, a fork; the same bits',
  { timeout: 300_000 },
  async () => {
    const job = augmentedTexts();
    const untouched = await watchToEnd(stack, await startRun(stack, job));
    expect(untouched.state).toBe('done');

    const run = await startRun(stack, job);
    rmSync(join(stack.directory, 'words.csv')); // what the run needs of it is on S3
    await runReaches(stack, run, 30);
    expect(killNow(stack, ['engine'])).toEqual(['engine']);
    await expectSame(run, untouched);
    expect((await explain(stack, run)).sessions[1]?.reason).toBe('engine-failed');

    // From late in the first run: its words are those of the fork.
    const forked = expectExit(await stack.temper(['checkpoints', 'fork', `${untouched.result.run}@step 80`, '--json']));
    const fork = await watchToEnd(stack, (JSON.parse(forked) as { run: string }).run);
    expect(fork.result.final.stateDigest).toBe(untouched.result.final.stateDigest);
  },
);

it(
  'images that are cropped, mirrored, coloured and mixed: SIGKILL of the engine; the same bits',
  { timeout: 300_000 },
  async () => {
    const job = await augmentedImages();
    const untouched = await watchToEnd(stack, await startRun(stack, job));
    expect(untouched.state).toBe('done');

    const run = await startRun(stack, job);
    await runReaches(stack, run, 12);
    expect(killNow(stack, ['engine'])).toEqual(['engine']);
    await expectSame(run, untouched);
    expect((await explain(stack, run)).sessions[1]?.reason).toBe('engine-failed');
  },
);

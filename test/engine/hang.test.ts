import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Engine } from '../../engine/client.js';
import type { EngineDied } from '../../engine/failure.js';
import { parseJob } from '../../job/parse.js';
import { startEngine } from '../support/engine-process.js';
import { busyFor, deeds, faultyJob } from '../support/faulty-module.js';
import { eventually } from '../support/poll.js';
import { makeTemporaryFolder, removeFolder } from '../support/temporary-folder.js';
import { tinyJob, tinyLoad } from '../support/tiny-run.js';

let directory: string;
const engines: Engine[] = [];
beforeEach(() => void (directory = makeTemporaryFolder()));
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
  removeFolder(directory);
});

/** A real engine process, whose worker loses its patience soon. */
async function start(patienceMs: number): Promise<Engine> {
  const engine = await startEngine(directory, { patienceMs, allowModules: true });
  engines.push(engine);
  await engine.fingerprint();
  return engine;
}

/** Trains from the state of step 0; `suspect` as in the protocol. */
async function train(engine: Engine, job: ReturnType<typeof parseJob>, suspect?: number) {
  const { request, folder } = await tinyLoad(job);
  const { job: complete, modelFolder, dataset } = request;
  const initial = await engine.request('initialize', {
    job: complete,
    modelFolder,
    dataset,
    folder: join(folder, '0'),
  });
  await engine.request('load', request);
  const shards = initial.shards.map(({ path }) => path);
  await engine.request('restore', { shards, position: initial.position });
  const asked = { until: { step: 1e6, minutes: null }, observations: [], folder: join(folder, '1') };
  return engine.request('train', { ...asked, ...(suspect !== undefined && { suspect }) });
}

const AT = 5;
const faulty = (deed: string) =>
  parseJob(faultyJob(directory, { inStep: `if (step === ${AT}) { ${deed} }` }), 'faulty.yaml');

const deathOf = (work: Promise<unknown>): Promise<EngineDied> =>
  work.then(
    () => Promise.reject(new Error('the engine lived')),
    (error: EngineDied) => (error.name === 'EngineDied' ? error : Promise.reject(error)),
  );

const gone = (pid: number) => eventually('the process is gone', () => !existsSync(`/proc/${pid}`));

test('an engine that is stopped in mid-training is found, named and killed', async () => {
  const engine = await start(2_000);
  const base = tinyJob();
  const dying = deathOf(train(engine, { ...base, train: { ...base.train, epochs: 1_000_000, batchSize: 1 } }));
  await new Promise<void>((resolve) => {
    engine.onProgress = ({ stage, position: { step } }) => stage === 'training' && step > 20 && resolve();
  });
  process.kill(engine.pid, 'SIGSTOP');
  const { message, during } = await dying;
  expect(message).toMatch(
    /^the engine \(pid \d+\) hung at step \d+: no progress for [\d.]+ s, where a step takes [\d.]+ s, and it stood still; it was killed$/,
  );
  expect(during).toMatchObject({ epoch: 0, step: Number(/step (\d+)/.exec(message)?.[1]) });
  await gone(engine.pid);
}, 180_000);

test.each([
  ['standStill', /hung at step 5: no progress for [\d.]+ s.*, and it stood still; it was killed$/],
  ['spin', /hung at step 5: no progress for [\d.]+ s.*, though it was computing; it was killed$/],
] as const)(
  'a step that never returns is found: %s',
  async (deed, sentence) => {
    const engine = await start(2_000);
    const { message } = await deathOf(train(engine, faulty(deeds[deed])));
    expect(message).toMatch(sentence);
    await gone(engine.pid);
  },
  180_000,
);

test.each([
  ['crash', /was ended by SIGSEGV at step 5$/, 'the module crashes now'],
  ['exit', /exited with code 3 at step 5$/, 'the module leaves now'],
] as const)(
  'a death is told with its step, what that trains on, and the last words: %s',
  async (deed, sentence, words) => {
    const first = await deathOf(train(await start(5_000), faulty(deeds[deed])));
    expect(first.message).toMatch(sentence);
    expect(first.said).toContain(words);
    expect(first.during).not.toHaveProperty('batches');
    const second = await deathOf(train(await start(5_000), faulty(deeds[deed]), AT));
    expect(second.during).toMatchObject({ step: AT, epoch: 0, cursor: AT - 1 });
    expect(second.during!.batches).toHaveLength(1);
    expect(second.during!.batches![0]).toHaveLength(8);
    expect(readdirSync(directory).filter((name) => /^step-/.test(name))).toEqual([]);
  },
  180_000,
);

test('a long op and a long compilation are no hang', async () => {
  const long = await train(await start(1_000), faulty(busyFor(2_500)));
  expect(long.stats.steps).toBe(12);
  const compiled = parseJob(faultyJob(directory, { inTrace: busyFor(2_500) }), 'faulty.yaml');
  expect((await train(await start(1_000), compiled)).stats.steps).toBe(12);
}, 180_000);

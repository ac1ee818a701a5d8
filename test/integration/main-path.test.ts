import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCredentials } from '../../infra/stack/credentials.js';
import { manifestOf, objectsBelow, readObject, recomputedDigest } from '../support/bucket.js';
import { eventsOf, payloadsOf, scheduledActivities, typeOf, type HistoryEvent } from '../support/history.js';
import { listeningAddresses } from '../support/listening.js';
import {
  enginePids,
  expectExit,
  explain,
  startRun,
  watchToEnd,
  withClient,
  writeTinyJob,
  type Ending,
} from '../support/runs.js';
import { ALL_THREADS, startTestStack, type TestStack } from '../support/stack.js';

/** In the kernel's notation: the bytes of 127.0.0.1, last first. */
const LOOPBACK = '0100007F';
/** Where three epochs of 48 steps are cut by everySteps: 20. */
const STEPS = [0, 20, 40, 48, 60, 80, 96, 100, 120, 140, 144];

describe('a run from end to end, on the embedded stack', () => {
  let stack: TestStack;
  let run: string;
  let ending: Ending;
  let events: readonly HistoryEvent[];

  beforeAll(async () => {
    stack = await startTestStack({ env: ALL_THREADS });
    const job = writeTinyJob(stack.directory, { train: { epochs: 3 } });
    const said = expectExit(await stack.temper(['run', job, '--watch', '--json'], { timeoutMs: 240_000 }));
    const last = JSON.parse(said.trim().split('\n').at(-1) ?? '') as Omit<Ending, 'code'>;
    ending = { code: 0, ...last };
    run = ending.result.run;
    events = await withClient(stack, (client) => eventsOf(client, run));
  }, 300_000);
  afterAll(() => stack.stop());

  it('run --watch exits 0, with test metrics of every test row and a model', () => {
    const { state, result } = ending;
    expect(state).toBe('done');
    expect(result).toMatchObject({ outcome: 'completed', final: { step: 144, epoch: 3 } });
    expect(result.observations.map(({ step, examples }) => [step, examples])).toEqual([
      [48, 24],
      [96, 24],
      [144, 24],
    ]);
    expect(result.evaluation.metrics.examples).toBe(24);
    expect(result.evaluation.metrics.accuracy).toBeGreaterThan(0.3); // four classes: better than chance
    expect(result.model.files.map(({ name }) => name)).toContain('model.safetensors');
  });

  it('the final state digest is that of the bytes on S3', () => {
    const { sequence, stateDigest } = ending.result.final;
    const manifest = manifestOf(stack, run, sequence);
    expect(manifest.stateDigest).toBe(stateDigest);
    expect(recomputedDigest(stack, manifest)).toBe(stateDigest);
  });

  it('no payload of its history is above 64 KiB', () => {
    const payloads = payloadsOf(events);
    const sizes = payloads.map(({ event, data }) => ({ event, bytes: data.byteLength }));
    expect(sizes.length).toBeGreaterThan(50);
    expect(sizes.filter(({ bytes }) => bytes > 64 * 1024)).toEqual([]);
  });

  it('a train, validate and upload round costs at most 30 events, and no workflow task failed', () => {
    expect(events.map(typeOf).filter((type) => /workflowTask(Failed|TimedOut)/.test(type))).toEqual([]);
    const activities = scheduledActivities(events);
    expect(activities.filter((name) => name === 'trainEpoch')).toHaveLength(STEPS.length - 1);
    expect(activities.filter((name) => name === 'uploadCheckpoint')).toHaveLength(STEPS.length - 1);
    expect(activities.filter((name) => name === 'validate')).toHaveLength(3);
    const names = events.map(({ activityTaskScheduledEventAttributes: each }) => each?.activityType?.name ?? null);
    const starts = names.flatMap((name, index) => (name === 'trainEpoch' || name === 'evaluate' ? [index] : []));
    const rounds = starts.slice(1).map((start, index) => start - (starts[index] ?? 0));
    expect(Math.max(...rounds)).toBeLessThanOrEqual(30);
  });

  it('list, status, explain and checkpoints tell of it', async () => {
    const listed = JSON.parse(expectExit(await stack.temper(['list', '--json']))) as { run: string; state: string }[];
    expect(listed).toEqual([expect.objectContaining({ run, state: 'done', job: 'tiny', model: 'tiny-bert' })]);
    const inState = async (state: string): Promise<unknown> =>
      JSON.parse(expectExit(await stack.temper(['list', '--state', state, '--json'])));
    expect(await inState('done')).toEqual(listed);
    expect([await inState('running'), await inState('failed'), await inState('cancelled')]).toEqual([[], [], []]);

    const status = JSON.parse(expectExit(await stack.temper(['status', run, '--json']))) as object;
    expect(status).toMatchObject({ run, state: 'done', status: { stage: 'finished', position: { step: 144 } } });

    const { sessions, cost } = await explain(stack, run);
    expect(sessions).toMatchObject([{ reason: 'start', from: null, stepsRedone: 0 }]);
    expect(cost).toMatchObject({ sessions: 1, recoveries: 0, stepsRedone: 0 });

    const checkpoints = JSON.parse(expectExit(await stack.temper(['checkpoints', 'list', run, '--json']))) as {
      kind: string;
      step: number;
    }[];
    expect(checkpoints.map(({ step }) => step)).toEqual(STEPS);
    const living = checkpoints.filter(({ kind }) => kind === 'living').map(({ step }) => step);
    expect(living).toEqual(expect.arrayContaining([ending.result.best.step, 140, 144]));
    expect(living.length).toBeLessThanOrEqual(3);
    const alone = expectExit(await stack.temper(['checkpoints', 'list', run, '--living', '--json']));
    expect(JSON.parse(alone)).toEqual(checkpoints.filter(({ kind }) => kind === 'living'));
    expectExit(await stack.temper(['checkpoints', 'verify', run]));

    for (const args of [['list'], ['status', run], ['explain', run], ['checkpoints', 'list', run]])
      expect(expectExit(await stack.temper(args))).not.toMatch(/undefined|NaN|\[object/);
  });

  it('predict and export use its model', async () => {
    const texts = ['a small bird that sings at night', 'the food that is served at noon'];
    const said = expectExit(await stack.temper(['predict', run, ...texts, '--json']));
    const predicted = said
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { text: string; scores: object });
    expect(predicted.map(({ text }) => text)).toEqual(texts);
    for (const { scores } of predicted)
      expect(Object.values(scores).reduce((sum: number, score: number) => sum + score, 0)).toBeCloseTo(1, 4);

    expectExit(await stack.temper(['export', run, '--to', 'exported']));
    const files = readdirSync(join(stack.directory, 'exported')).sort();
    expect(files).toEqual(expect.arrayContaining(['config.json', 'model.safetensors', 'tokenizer.json']));
    for (const { name, key } of ending.result.model.files)
      expect(readFileSync(join(stack.directory, 'exported', name)).equals(readObject(stack, key))).toBe(true);
  });

  it('a second run of the same job has the same weights, and prepares no data again', async () => {
    const datasets = objectsBelow(stack, 'datasets');
    const models = objectsBelow(stack, 'models');
    const second = await watchToEnd(stack, await startRun(stack, 'tiny.yaml'));
    expect(second).toMatchObject({ code: 0, state: 'done' });
    expect(second.result.final.stateDigest).toBe(ending.result.final.stateDigest);
    expect(second.result.evaluation.metrics).toEqual(ending.result.evaluation.metrics);
    expect(objectsBelow(stack, 'datasets')).toEqual(datasets);
    expect(objectsBelow(stack, 'models')).toEqual(models);
  });

  it('frozen tensors are stored once: with freeze all, the head alone is uploaded', async () => {
    const weights = () => objectsBelow(stack, 'models').filter(({ key }) => key.endsWith('.safetensors'));
    const before = weights();
    expect(before).toHaveLength(1);
    const job = writeTinyJob(stack.directory, { freeze: 'all', train: { epochs: 1 } }, 'frozen.yaml');
    const { state, result } = await watchToEnd(stack, await startRun(stack, job));
    expect(state).toBe('done');
    expect(weights()).toEqual(before);
    const { shards, base } = manifestOf(stack, result.run, result.final.sequence);
    expect(base.map(({ key }) => key)).toEqual(before.map(({ key }) => key));
    const uploaded = shards.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(uploaded).toBeLessThan((before[0]?.bytes ?? 0) / 20);
    const all = manifestOf(stack, run, ending.result.final.sequence).shards.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(all).toBeGreaterThan(2 * (before[0]?.bytes ?? 0)); // weights and two slots of each
  });

  it('the secret of S3 is in no history, log or record', async () => {
    const { secretAccessKey } = await readCredentials(join(stack.folder, 's3-credentials'));
    const histories = await withClient(stack, async (client) => {
      const all: HistoryEvent[] = [];
      for await (const { workflowId } of client.workflow.list()) all.push(...(await eventsOf(client, workflowId)));
      return payloadsOf(all).map(({ data }) => Buffer.from(data).toString('utf8'));
    });
    expect(histories.length).toBeGreaterThan(100);
    expect(histories.filter((text) => text.includes(secretAccessKey))).toEqual([]);
    const readable = readdirSync(stack.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 's3-credentials')
      .map((entry) => join(entry.parentPath, entry.name));
    expect(readable).toContain(join(stack.folder, 'stack.json'));
    expect(readable.filter((path) => path.endsWith('.log')).length).toBeGreaterThanOrEqual(4);
    expect(readable.filter((path) => readFileSync(path).includes(secretAccessKey))).toEqual([]);
    for (const pid of Object.values(stack.pids()))
      expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(secretAccessKey);
  });

  it('every process listens on 127.0.0.1 only', () => {
    const pids = stack.pids();
    const listening = Object.entries({ ...pids, engine: enginePids(stack)[0] ?? pids['device'] ?? 0 }).map(
      ([name, pid]) => [name, listeningAddresses(pid)] as const,
    );
    const byName = Object.fromEntries(listening);
    expect(byName['temporal']).not.toEqual([]);
    expect(byName['s3']).not.toEqual([]);
    expect(listening.flatMap(([, addresses]) => addresses).filter((address) => address !== LOOPBACK)).toEqual([]);
  });
});

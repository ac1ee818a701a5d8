import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { VerifiedCheckpoint } from '../../cli/runs/verify-checkpoints.js';
import type { ListedCheckpoint } from '../../storage/checkpoint/list.js';
import { checkpointKey } from '../../storage/layout.js';
import type { Adjustment, CheckpointRef, RunId, RunStatus } from '../../workflows/contract.js';
import { bucketFolder, manifestOf, objectsBelow, recomputedDigest } from '../support/bucket.js';
import { damaged } from '../support/faults/fault.js';
import { eventually } from '../support/poll.js';
import {
  endRuns,
  expectExit,
  killNow,
  runReaches,
  startRun,
  tinySections,
  watchToEnd,
  writeTinyJob,
  type Ending,
} from '../support/runs.js';
import { ALL_THREADS, startTestStack, type TestStack } from '../support/stack.js';

type Living = Extract<ListedCheckpoint, { kind: 'living' }>;

const EPOCH = 48;
/** Every checkpoint stays, so that any can be forked. */
const sections = { train: { epochs: 8 }, checkpoint: { keep: { last: 100 } } };

describe('a run, adjusted while it trains, then killed', () => {
  let stack: TestStack;
  let run: string;
  let made: Adjustment[];
  let ending: Ending;

  const living = async (of: string): Promise<Living[]> => {
    const listed = expectExit(await stack.temper(['checkpoints', 'list', of, '--json']));
    return (JSON.parse(listed) as ListedCheckpoint[]).filter((each) => each.kind === 'living');
  };
  const atStep = async (of: string, step: number): Promise<Living | undefined> =>
    (await living(of)).find((each) => each.step === step);
  const fork = async (...args: string[]): Promise<{ run: string; from: CheckpointRef }> =>
    JSON.parse(expectExit(await stack.temper(['checkpoints', 'fork', ...args, '--json']))) as never;
  const refusal = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await stack.temper(args);
    expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: '' });
    return stderr;
  };

  beforeAll(async () => {
    stack = await startTestStack({ env: ALL_THREADS });
    run = await startRun(stack, writeTinyJob(stack.directory, sections));
    await runReaches(stack, run, 20);
    const args = ['adjust', run, '--learning-rate', '3e-4', '--batch-size', '8', '--json'];
    const said = JSON.parse(expectExit(await stack.temper(args))) as { adjustments: Adjustment[] };
    made = said.adjustments;
    killNow(stack, ['engine']); // what was trained up to there is hardly stored yet
    await runReaches(stack, run, made[1]!.fromStep + 1);
    killNow(stack, ['device']);
    ending = await watchToEnd(stack, run);
    expect(ending.message).toBe(`${run} is done.`);
  }, 300_000);
  afterEach(() => endRuns(stack));
  afterAll(() => stack.stop());

  it('it says from which steps: the one it had reached, and the next epoch', async () => {
    const [rate, batch] = made;
    expect(made.map(({ changes }) => changes)).toEqual([{ learningRate: 3e-4 }, { batchSize: 8 }]);
    expect(rate!.fromStep).toBeGreaterThanOrEqual(20);
    expect(batch!.fromStep).toBe(EPOCH * Math.ceil(rate!.fromStep / EPOCH));
    const epochsBefore = batch!.fromStep / EPOCH;
    expect(ending.result.final.step).toBe(batch!.fromStep + (8 - epochsBefore) * (EPOCH / 2));
    expect(ending.result.adjustments).toEqual(made);

    // The manifests say by which of them a state was made.
    for (const { sequence, step, lineage } of await living(run)) {
      const { adjustments } = manifestOf(stack, run, sequence);
      const effective = made.filter(({ fromStep }) => fromStep < step);
      expect([step, adjustments]).toEqual([step, effective.length > 0 ? effective : undefined]);
      expect([step, lineage === ending.result.final.lineage]).toEqual([step, effective.length === 2]);
    }
    const { status } = JSON.parse(expectExit(await stack.temper(['status', run, '--json']))) as { status: RunStatus };
    expect(status.adjustments).toEqual(made);
    expect(expectExit(await stack.temper(['status', run]))).toContain(
      `from step ${rate!.fromStep}: learning rate 3.00e-4`,
    );
    const told = expectExit(await stack.temper(['explain', run]));
    expect(told).toContain(`Adjusted from step ${batch!.fromStep}: batch size 8.`);
    expect(told).toMatch(/CAUSE +TIMES +WITHOUT A DEVICE/);
    expect(told).toMatch(/the engine failed +1 /);
  });

  it(
    'the same bits as a run that was never adjusted nor killed: one begun at that step with that rate',
    { timeout: 300_000 },
    async () => {
      const [{ fromStep: step }, { fromStep: end }] = made as [Adjustment, Adjustment];
      const child = await fork(`${run}@step ${step}`, '--set', 'train.learningRate=3e-4');
      expect(child.from).toMatchObject({ run, step });
      const [theirs, ours] = [
        await atStep(run, end),
        await eventually('the fork ends that epoch', () => atStep(child.run, end), 120_000),
      ];
      expect(ours.stateDigest).toBe(theirs?.stateDigest);
      expect(ours.stateDigest).toBe(recomputedDigest(stack, manifestOf(stack, child.run, ours.sequence)));
      // Its first checkpoint is a copy of its own: the other run is not needed any more.
      expect(manifestOf(stack, child.run, 1)).toMatchObject({ parent: null, step, forkedFrom: { run, step } });
      expect(objectsBelow(stack, `runs/${run}/pins`)).toEqual([]);
    },
  );

  it('and from the end of that epoch with that batch size; explain tells the fork', { timeout: 300_000 }, async () => {
    const { fromStep } = made[1]!;
    const file = 'forked.yaml';
    const changed = { ...sections, train: { ...sections.train, learningRate: 3e-4, batchSize: 8 }, name: 'forked' };
    writeFileSync(join(stack.directory, file), stringify(tinySections(changed)));
    const child = await fork(`${run}@step ${fromStep}`, '--job', file);
    const { result, message } = await watchToEnd(stack, child.run);
    expect(message).toBe(`${child.run} is done.`);
    expect(result.final.stateDigest).toBe(ending.result.final.stateDigest);
    expect(result.observations).toEqual(ending.result.observations);
    expect(result.fork).toMatchObject({ run, step: fromStep });
    const said = expectExit(await stack.temper(['explain', child.run]));
    expect(said).toContain(`${child.run} began from checkpoint ${child.from.sequence} (step ${fromStep}) of ${run}.`);
  });

  it('what cannot be is refused in a sentence', async () => {
    expect(await refusal('adjust', run, '--epochs', '9')).toContain(`${run} is done`);
    expect(await refusal('adjust', run, '--learning-rat', '1e-4')).toContain('--learning-rate');
    expect(await refusal('adjust', run, '--learning-rate', '5')).toContain(
      'Expected a number above 0 and at most 1 (train.learningRate)',
    );
    expect(await refusal('adjust', run)).toContain('Nothing to change was named');
    expect(await refusal('checkpoints', 'fork', run)).toMatch(
      /has all 8 epochs done: choose an earlier one, or --set train.epochs=9/,
    );
    expect(await refusal('checkpoints', 'fork', `${run}@step 1`)).toContain(
      `${run} has not such a checkpoint: there are`,
    );
    const step = `${run}@step ${made[0]!.fromStep}`;
    expect(await refusal('checkpoints', 'fork', step, '--set', 'train.learningRat=1')).toContain(
      'did you mean `learningRate`',
    );
    expect(await refusal('checkpoints', 'fork', step, '--set', 'data.maxLength=12')).toContain(
      'data.maxLength (24, here 12)',
    );
    expect(await refusal('checkpoints', 'fork', step, '--set', 'train.optimizer=sgd')).toContain(
      'train.optimizer ("adamw", here "sgd")',
    );
    if (made[0]!.fromStep < made[1]!.fromStep)
      expect(await refusal('checkpoints', 'fork', step, '--set', 'train.batchSize=2')).toContain(
        'train.batchSize (4, here 2)',
      );
    expect(objectsBelow(stack, `runs/${run}/pins`)).toEqual([]);
  });

  it('verify reads what is stored, names what is not what it was, and changes nothing', async () => {
    const [newest, ...others] = (await living(run)).reverse();
    const { shards } = manifestOf(stack, run, newest!.sequence);
    const inBucket = (key: string): string => join(bucketFolder(stack), key);
    const shard = inBucket(shards.find(({ key }) => key.includes(`/${newest!.step}-`))!.key); // written for it alone
    const whole = readFileSync(shard);
    const said = async (): Promise<VerifiedCheckpoint[]> =>
      JSON.parse(expectExit(await stack.temper(['checkpoints', 'verify', run, '--json']), 1)) as VerifiedCheckpoint[];
    const damagedBy = async (damage: () => void): Promise<[sequence: number, problems: string][]> => {
      damage();
      const found = (await said()).filter(({ verdict }) => verdict === 'damaged');
      return found.map(({ sequence, problems }) => [sequence, problems.join()]);
    };
    const ofNewest = (what: RegExp) => [[newest!.sequence, expect.stringMatching(what)]];
    expect(others.length).toBeGreaterThan(0); // and of these none is blamed
    expect(await damagedBy(() => writeFileSync(shard, damaged(whole)))).toEqual(ofNewest(/SHA-256/));
    expect(await damagedBy(() => writeFileSync(shard, whole.subarray(0, 1000)))).toEqual(
      ofNewest(/1000 bytes|SHA-256/),
    );
    expect(await damagedBy(() => rmSync(shard))).toEqual(ofNewest(/missing|does not exist/));
    writeFileSync(shard, whole);
    const manifest = inBucket(checkpointKey(run as RunId, newest!.sequence));
    const record = readFileSync(manifest);
    expect(await damagedBy(() => writeFileSync(manifest, damaged(record)))).toEqual(ofNewest(/^manifest: /));
    expect(readFileSync(manifest).equals(damaged(record))).toBe(true);
    writeFileSync(manifest, record);
    expectExit(await stack.temper(['checkpoints', 'verify', run]));
  });

  it('gc tells what would go, and then that goes: all but the newest and the best', async () => {
    const dry = JSON.parse(expectExit(await stack.temper(['checkpoints', 'gc', run, '--dry-run', '--json']))) as {
      files: { key: string; bytes: number }[];
      kept: { sequence: number }[];
    };
    const before = objectsBelow(stack, `runs/${run}/shards`);
    expect(dry.files.length).toBeGreaterThan(5);
    expect(dry.kept.map(({ sequence }) => sequence)).toContain(ending.result.final.sequence);
    expectExit(await stack.temper(['checkpoints', 'gc', run]));
    const after = new Set(objectsBelow(stack, `runs/${run}/shards`).map(({ key }) => key));
    expect(before.filter(({ key }) => !after.has(key))).toEqual(
      [...dry.files].map(({ key, bytes }) => ({ key, bytes })).sort((a, b) => (a.key < b.key ? -1 : 1)),
    );
    expect((await living(run)).map(({ sequence }) => sequence)).toEqual(dry.kept.map(({ sequence }) => sequence));
    expectExit(await stack.temper(['checkpoints', 'verify', run]));
  });
});

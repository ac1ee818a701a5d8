import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CheckpointRef } from '../../workflows/contract.js';
import { manifestOf, objectsBelow, recomputedDigest } from '../support/bucket.js';
import {
  endRuns,
  enginePids,
  expectExit,
  explain,
  runReaches,
  runTrainsBeyond,
  startRun,
  watchToEnd,
  withClient,
  writeLongJob,
  writeTinyJob,
  type Ending,
} from '../support/runs.js';
import { slotScope, takeSlot } from '../../workers/device-slot.js';
import { eventually } from '../support/poll.js';
import { makeTemporaryFolder, removeFolder } from '../support/temporary-folder.js';
import { startTestStack, type TestStack } from '../support/stack.js';

describe('a run, steered from another terminal', () => {
  let stack: TestStack;
  let job: string;
  let notice: string;
  let undisturbed: Ending;

  beforeAll(async () => {
    // A path that no test but one puts a file at.
    notice = join(makeTemporaryFolder(), 'preempted');
    stack = await startTestStack({ env: { TEMPER_PREEMPTION_FILE: notice } });
    job = writeTinyJob(stack.directory);
    undisturbed = await watchToEnd(stack, await startRun(stack, job));
    expect(undisturbed.state).toBe('done');
  }, 300_000);
  afterEach(() => endRuns(stack));
  afterAll(async () => {
    await stack.stop();
    removeFolder(dirname(notice));
  });

  const expectSameWeights = async (run: string, expected = undisturbed): Promise<Ending> => {
    const ending = await watchToEnd(stack, run);
    expect(ending.message).toBe(`${run} is done.`);
    expect(ending.result.final.stateDigest).toBe(expected.result.final.stateDigest);
    expect(ending.result.observations).toEqual(expected.result.observations);
    return ending;
  };

  /** Takes the device's slot, as another session would, and gives it back. */
  const deviceIsFree = (): Promise<boolean> =>
    takeSlot(slotScope('cpu', join(stack.folder, 'scratch')), 1, AbortSignal.abort()).then(
      async (slot) => {
        await slot.release();
        return true;
      },
      () => false,
    );

  const sessionsOpen = (run: string): Promise<number> =>
    withClient(stack, async (client) => {
      const { raw } = await client.workflow.getHandle(run).describe();
      return (raw.pendingActivities ?? []).length;
    });

  it(
    'paused: the checkpoint is durable and the device free; resumed: the same weights',
    { timeout: 300_000 },
    async () => {
      const run = await startRun(stack, job);
      await runReaches(stack, run, 60);
      expect(await deviceIsFree()).toBe(false);
      // Asked as the command asks, and looked at in the moment of the answer.
      const { free, said } = await withClient(stack, async (client) => {
        const said = await client.workflow.getHandle(run).executeUpdate<CheckpointRef, []>('pause');
        return { said, free: await deviceIsFree() };
      });
      expect(free).toBe(true);
      const again = expectExit(await stack.temper(['pause', run, '--json']));
      expect(JSON.parse(again)).toEqual({ run, paused: true, checkpoint: said });
      const { checkpoint } = JSON.parse(again) as { checkpoint: CheckpointRef };
      expect(checkpoint.step).toBeGreaterThanOrEqual(60);
      expect(recomputedDigest(stack, manifestOf(stack, run, checkpoint.sequence))).toBe(checkpoint.stateDigest);
      expect(await sessionsOpen(run)).toBe(0);
      expect(JSON.parse(expectExit(await stack.temper(['status', run, '--json'])))).toMatchObject({
        state: 'running',
        status: { stage: 'paused', position: { step: checkpoint.step } },
      });

      // The device is free indeed: another run gets through.
      const other = writeTinyJob(stack.directory, { name: 'between', train: { epochs: 1 } }, 'between.yaml');
      expect(await watchToEnd(stack, await startRun(stack, other))).toMatchObject({ code: 0, state: 'done' });

      expectExit(await stack.temper(['resume', run]));
      await expectSameWeights(run);
      const { sessions, cost } = await explain(stack, run);
      expect(sessions).toMatchObject([
        { reason: 'start' },
        { reason: 'paused', from: { sequence: checkpoint.sequence, step: checkpoint.step }, stepsRedone: 0 },
      ]);
      expect(cost).toMatchObject({ recoveries: 0, stepsRedone: 0 });
    },
  );

  it('stopped: training ends, and the best model so far is tested and published', { timeout: 300_000 }, async () => {
    // Long enough for a command line to start meanwhile, also where everything but the engine is slow.
    const run = await startRun(
      stack,
      writeTinyJob(stack.directory, { name: 'long', train: { epochs: 60 } }, 'long.yaml'),
    );
    await runReaches(stack, run, 100);
    expectExit(await stack.temper(['stop', run]));
    const { code, result } = await watchToEnd(stack, run);
    expect({ code, outcome: result.outcome }).toEqual({ code: 0, outcome: 'stopped' });
    expect(result.final.step).toBeGreaterThanOrEqual(100);
    expect(result.final.step).toBeLessThan(2880);
    const losses = result.observations.map(({ loss }) => loss);
    const best = result.observations.find(({ loss }) => loss === Math.min(...losses));
    expect(result.best.step).toBe(best?.step);
    expect(result.evaluation.metrics.examples).toBe(24);
    expect(result.model.files.map(({ name }) => name)).toContain('model.safetensors');
    expectExit(await stack.temper(['predict', run, 'a small bird that sings at night']));
  });

  it(
    'cancelled: nothing uncommitted stays, the device is free; --purge deletes the rest',
    { timeout: 300_000 },
    async () => {
      const longer = writeTinyJob(stack.directory, { name: 'longer', train: { epochs: 16 } }, 'longer.yaml');
      const run = await startRun(stack, longer);
      await runReaches(stack, run, 60);
      expectExit(await stack.temper(['cancel', run]));
      const status = await withClient(
        stack,
        async (client) => (await client.workflow.getHandle(run).describe()).status,
      );
      expect(status.name).toBe('CANCELLED');
      const watched = await stack.temper(['watch', run]);
      expect({ code: watched.code, said: watched.stdout }).toMatchObject({
        code: 1,
        said: expect.stringContaining(`${run} was cancelled`) as string,
      });

      // What is left below shards/ is what living manifests name.
      const listed = JSON.parse(expectExit(await stack.temper(['checkpoints', 'list', run, '--json']))) as {
        kind: string;
        sequence: number;
      }[];
      const living = listed.filter(({ kind }) => kind === 'living');
      expect(living.length).toBeGreaterThan(0);
      const named = new Set(
        living.flatMap(({ sequence }) => manifestOf(stack, run, sequence).shards.map(({ key }) => key)),
      );
      const shards = objectsBelow(stack, `runs/${run}/shards`).map(({ key }) => key);
      expect(shards.filter((key) => key.endsWith('.safetensors')).sort()).toEqual([...named].sort());

      const next = writeTinyJob(stack.directory, { name: 'after', train: { epochs: 1 } }, 'after.yaml');
      expect(await watchToEnd(stack, await startRun(stack, next))).toMatchObject({ state: 'done' });

      const refused = await stack.temper(['cancel', run]);
      expect(refused.code).toBe(2);
      expectExit(await stack.temper(['cancel', run, '--purge', '--yes']));
      expect(objectsBelow(stack, `runs/${run}`)).toEqual([]);
    },
  );

  it(
    'a worker that is asked to stop commits its finished steps first and loses none',
    { timeout: 300_000 },
    async () => {
      const long = writeLongJob(stack.directory);
      const reference = await watchToEnd(stack, await startRun(stack, long));
      const run = await startRun(stack, long);
      await runTrainsBeyond(stack, run, 100);
      const before = stack.pids()['device'];
      stack.kill('device', 'SIGTERM');
      const { result } = await watchToEnd(stack, run);
      expect(result.final).toMatchObject({ step: 3_072, stateDigest: reference.result.final.stateDigest });
      expect(stack.pids()['device']).not.toBe(before);

      const { sessions, cost } = await explain(stack, run);
      expect(sessions.map(({ reason }) => reason)).toEqual(['start', 'preempted']);
      expect(sessions[1]?.from?.step).toBeGreaterThan(100);
      expect(sessions[1]?.from?.step).toBeLessThan(3_072);
      expect(cost).toMatchObject({ sessions: 2, recoveries: 0, stepsRedone: 0 });
      const said = expectExit(await stack.temper(['explain', run]));
      expect(said).toContain('the worker was asked to stop');
    },
  );

  it(
    'a notice that the machine is taken away drains the worker: no finished step is lost',
    { timeout: 300_000 },
    async () => {
      const run = await startRun(stack, writeTinyJob(stack.directory, { train: { epochs: 16 } }, 'noticed.yaml'));
      await runReaches(stack, run, 60);
      const before = stack.pids()['device'];
      writeFileSync(notice, '');
      await eventually('the worker has ended', () => stack.pids()['device'] !== before, 60_000);
      rmSync(notice); // the next machine has none
      const { state } = await watchToEnd(stack, run);
      expect(state).toBe('done');
      const { sessions, cost } = await explain(stack, run);
      expect(sessions[1]).toMatchObject({ reason: 'preempted', stepsRedone: 0 });
      expect(cost).toMatchObject({ recoveries: 0, stepsRedone: 0 });
    },
  );

  it('down in the middle, and up again: the run goes on to the same weights', { timeout: 300_000 }, async () => {
    // Nearly three times as long as the others: it must not end while `temper down` begins, on a busy machine too.
    const longer = writeTinyJob(stack.directory, { name: 'longer', train: { epochs: 16 } }, 'longer.yaml');
    const reference = await watchToEnd(stack, await startRun(stack, longer));
    const run = await startRun(stack, longer);
    await runReaches(stack, run, 60);
    expectExit(await stack.temper(['down']));
    expect(stack.pids()).toEqual({});
    await stack.up();
    await expectSameWeights(run, reference);
    const { sessions, cost } = await explain(stack, run);
    expect(sessions.length).toBeGreaterThanOrEqual(2);
    expect(cost.stepsRedone).toBe(0);
  });

  it('pause, resume, stop and cancel of a run that is done say so, exit 2', async () => {
    const { run } = undisturbed.result;
    for (const command of ['pause', 'resume', 'stop', 'cancel']) {
      const { code, stdout, stderr } = await stack.temper([command, run]);
      expect({ command, code, stdout }).toEqual({ command, code: 2, stdout: '' });
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(stderr).toContain(`${run} is done`);
    }
    expect(enginePids(stack).length).toBeLessThanOrEqual(1);
  });
});

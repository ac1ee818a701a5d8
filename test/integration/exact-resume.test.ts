import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { manifestOf, recomputedDigest } from '../support/bucket.js';
import { eventually } from '../support/poll.js';
import { seededRandom } from '../support/random.js';
import {
  endRuns,
  explain,
  killNow,
  runReaches,
  runTrainsBeyond,
  startRun,
  watchToEnd,
  writeLongJob,
  writeTinyJob,
  type Ending,
} from '../support/runs.js';
import { ALL_THREADS, startTestStack, type TestStack } from '../support/stack.js';

/** Another seed finds other moments: TEMPER_TEST_SEED=… npx vitest run test/integration/exact-resume.test.ts */
const seed = Number(process.env['TEMPER_TEST_SEED'] ?? 20_261);

describe(`a run in which processes die at random moments (seed ${seed}) ends with the bits of the uninterrupted one`, () => {
  let stack: TestStack;
  let job: string;
  let undisturbed: Ending;

  beforeAll(async () => {
    console.log(`moments of death: TEMPER_TEST_SEED=${seed}`);
    stack = await startTestStack({ env: ALL_THREADS });
    job = writeTinyJob(stack.directory);
    undisturbed = await watchToEnd(stack, await startRun(stack, job));
    expect(undisturbed.state).toBe('done');
  }, 300_000);
  afterEach(() => endRuns(stack));
  afterAll(() => stack.stop());

  /** Waits for a random moment within the run: past a random step, then up to half a second more. */
  const randomMoment = async (run: string, random: () => number, [from, to]: [number, number]): Promise<number> => {
    const step = Math.round(from + random() * (to - from));
    const { position } = await runReaches(stack, run, step);
    await pause(random() * 500); // not to wait for anything: so that the moment is anywhere in train, upload, validate
    return position.step;
  };

  const expectSameRun = async (run: string): Promise<void> => {
    const { state, message, result } = await watchToEnd(stack, run);
    expect({ state, message }).toEqual({ state: 'done', message: `${run} is done.` });
    const { final, best } = undisturbed.result;
    expect(result.final.stateDigest).toBe(final.stateDigest);
    expect(recomputedDigest(stack, manifestOf(stack, run, result.final.sequence))).toBe(final.stateDigest);
    expect([result.best.step, result.best.stateDigest]).toEqual([best.step, best.stateDigest]);
    expect(result.observations).toEqual(undisturbed.result.observations);
    expect(result.evaluation.metrics).toEqual(undisturbed.result.evaluation.metrics);
    expect(result.model.files.map(({ sha256 }) => sha256)).toEqual(expect.arrayContaining(weightsOf(undisturbed)));
  };

  const weightsOf = ({ result }: Ending): string[] =>
    result.model.files.filter(({ name }) => name === 'model.safetensors').map(({ sha256 }) => sha256);

  const cases: { title: string; die: string[]; sessionDies: boolean; reason?: string }[] = [
    { title: 'the engine', die: ['engine'], sessionDies: true, reason: 'engine-failed' },
    { title: 'the worker that trains', die: ['device'], sessionDies: true, reason: 'session-lost' },
    { title: 'the worker that runs workflows', die: ['control'], sessionDies: false },
    { title: 'the Temporal server', die: ['temporal'], sessionDies: false },
    { title: 'the S3 server', die: ['s3'], sessionDies: false },
    { title: 'everything but up, at once', die: ['engine', 'device', 'control', 'temporal', 's3'], sessionDies: true },
  ];

  for (const [index, { title, die, sessionDies, reason }] of cases.entries()) {
    it(`SIGKILL of ${title}`, { timeout: 300_000 }, async () => {
      const run = await startRun(stack, job);
      const random = seededRandom(seed + index);
      const step = await randomMoment(run, random, [10, 180]);
      expect(killNow(stack, die)).toEqual(die);
      await expectSameRun(run);

      const { sessions, cost } = await explain(stack, run);
      expect(cost.sessions).toBe(sessions.length);
      if (!sessionDies) return;
      expect(sessions.length).toBeGreaterThanOrEqual(2);
      const recovered = sessions[1];
      expect(recovered?.reason).toMatch(reason ?? /session-lost|engine-failed/);
      expect(recovered?.from?.step).toBeGreaterThanOrEqual(step - 40); // the step before is on S3 or was being uploaded
      expect(recovered?.recoveryMs).toBeGreaterThan(0);
      expect(cost.recoveries).toBe(sessions.length - 1);
      if (die.includes('device') && !die.includes('temporal'))
        await eventually('the log says whose worker died', () =>
          new RegExp(`session ${run}-\\S+ is over: its worker \\(pid \\d+\\) died`).test(
            readFileSync(join(stack.folder, 'logs', 'device.log'), 'utf8'),
          ),
        );
    });
  }

  it(
    'SIGKILL of one after another in the same run, the second and third while it recovers',
    { timeout: 300_000 },
    async () => {
      const run = await startRun(stack, job);
      const random = seededRandom(seed + 100);
      for (const [round, name] of ['engine', 'device', 'temporal', 's3', 'control', 'engine'].entries()) {
        await randomMoment(run, random, [round * 30, round * 30 + 30]);
        killNow(stack, [name]); // what a death before took along is being restarted: then there is nothing to kill
      }
      await expectSameRun(run);
      expect((await explain(stack, run)).sessions.length).toBeGreaterThanOrEqual(3);
    },
  );

  it('SIGKILL of up and everything it ran; the next up goes on', { timeout: 300_000 }, async () => {
    const run = await startRun(stack, job);
    await randomMoment(run, seededRandom(seed + 101), [10, 180]);
    killNow(stack, ['up', 'temporal', 'engine']); // S3 is left for the next up to reclaim, the workers end by themselves
    await stack.up();
    await expectSameRun(run);
    const { sessions, cost } = await explain(stack, run);
    expect(sessions.map(({ reason }) => reason)).toContain('session-lost');
    expect(cost.recoveries).toBeGreaterThanOrEqual(1);
  });

  it('explain says how many steps were done again: those past the checkpoint', { timeout: 300_000 }, async () => {
    const run = await startRun(stack, writeLongJob(stack.directory));
    await runTrainsBeyond(stack, run, 100);
    expect(killNow(stack, ['engine'])).toEqual(['engine']);
    const { state, result } = await watchToEnd(stack, run);
    expect({ state, step: result.final.step }).toEqual({ state: 'done', step: 3_072 });
    const { sessions, cost } = await explain(stack, run);
    expect(sessions).toMatchObject([
      { reason: 'start' },
      { reason: 'engine-failed', from: { sequence: 1, step: 0 }, passedOver: [] },
    ]);
    expect(sessions[1]?.detail).toMatch(/SIGKILL/);
    expect(sessions[1]?.stepsRedone).toBeGreaterThanOrEqual(100);
    expect(sessions[1]?.redoneMs).toBeGreaterThan(0);
    expect(cost).toMatchObject({ recoveries: 1, stepsRedone: sessions[1]?.stepsRedone });
    const said = await stack.temper(['explain', run]);
    expect(said.stdout).toContain('the engine failed');
  });
});

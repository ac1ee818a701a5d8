import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CheckpointRef, FineTuneResult, TrainingContext } from '../../workflows/contract.js';
import { markersIn, payloadsOf, type HistoryEvent } from '../support/history.js';
import { eventually } from '../support/poll.js';
import { upgradedBundle } from '../support/upgraded-bundle.js';
import { STEPS_PER_EPOCH, WorkflowWorld, digestAt, startSkippingServer } from '../support/workflow-world.js';

const DAYS = 30;
const DAY_MS = 24 * 3_600_000;
/** Sessions of a day: each ends by a preemption, the last by a pause. Time passes while the run is paused. */
const SESSIONS = 3;
const EPOCHS_A_SESSION = 1;
const EPOCHS_A_DAY = SESSIONS * EPOCHS_A_SESSION;
const EPOCHS = DAYS * EPOCHS_A_DAY;
/** Made in the evening of a day, over weeks of histories that are begun anew. */
const ADJUSTED: Readonly<Record<number, object>> = {
  7: { learningRate: 5e-5 },
  14: { checkpointSteps: 200 },
  21: { learningRate: 1e-5 },
};

let env: TestWorkflowEnvironment;
beforeAll(async () => void (env = await startSkippingServer()), 120_000);
afterAll(() => env.teardown());

/** Every event of every execution of the run, by execution. */
async function historiesOf(handle: WorkflowHandleWithFirstExecutionRunId): Promise<HistoryEvent[][]> {
  const histories: HistoryEvent[][] = [];
  let runId: string | undefined = handle.firstExecutionRunId;
  while (runId !== undefined) {
    const events: HistoryEvent[] =
      (await env.client.workflow.getHandle(handle.workflowId, runId).fetchHistory()).events ?? [];
    histories.push(events);
    const next = events.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
    runId = next ?? undefined;
  }
  return histories;
}

/** Events of each round of training, upload and validation: from one trainEpoch of a session to its next. */
function roundsOf(history: readonly HistoryEvent[]): number[] {
  const rounds: number[] = [];
  let began: number | null = null;
  for (const [i, { activityTaskScheduledEventAttributes: scheduled }] of history.entries()) {
    const name = scheduled?.activityType?.name;
    if (name === 'trainEpoch' && began !== null) rounds.push(i - began);
    if (name === 'trainEpoch') began = i;
    if (name === 'openSession') began = null;
  }
  return rounds;
}

it('a run of thirty days: preempted every few hours, paused every night, adjusted three times, upgraded twice', async () => {
  const here = new WorkflowWorld(env);
  const asked = { toStop: null as (() => void) | null };
  here.confirmsInterrupt = () => Promise.resolve(asked.toStop?.());
  const trainedWith: unknown[] = [];
  let opened = 0;
  here.on('openSession', ({ n }) => void (opened = n));
  here.on('trainEpoch', ({ n, input }) => {
    trainedWith.push((input as { context: TrainingContext }).context.adjustments);
    if (n % (EPOCHS_A_SESSION + 1) !== 0) return undefined;
    if (n % (SESSIONS * (EPOCHS_A_SESSION + 1)) !== 0) return { kind: 'not-started', because: 'draining' };
    return new Promise((resolve) => {
      asked.toStop = () => resolve({ kind: 'not-started', because: 'interrupted' });
    });
  });
  // The test server never gives up on the queue of a worker that is gone: one that will be replaced keeps no run in memory, and
  // replays all of it at every task.
  await here.start({ cached: 0 });
  const began = await env.currentTimeMs();
  const handle = await here.begin('month', { train: { epochs: EPOCHS }, checkpoint: { everySteps: 100 } });
  const made: { fromStep: number; changes: object }[] = [];
  for (let day = 1; day < DAYS; day++) {
    await eventually(`the evening of day ${day}`, () => asked.toStop !== null, 60_000);
    const at = await handle.executeUpdate<CheckpointRef, []>('pause');
    expect(at.step).toBe(day * EPOCHS_A_DAY * STEPS_PER_EPOCH);
    asked.toStop = null;
    const changes = ADJUSTED[day];
    if (changes) made.push({ fromStep: at.step, changes });
    if (changes) expect(await handle.executeUpdate('adjust', { args: [changes] })).toEqual(made.slice(-1));
    if (day === 2) await here.replaceControl({ code: await upgradedBundle('second'), cached: 0 });
    if (day === 4) await here.replaceControl({ code: await upgradedBundle('third') });
    await env.sleep(DAY_MS);
    await handle.executeUpdate('resume');
  }
  await eventually('it is done', async () => (await handle.describe()).status.name === 'COMPLETED', 60_000);
  const result = (await handle.result()) as FineTuneResult;
  await here.stop();

  expect((await env.currentTimeMs()) - began).toBeGreaterThanOrEqual((DAYS - 1) * DAY_MS);
  const step = EPOCHS * STEPS_PER_EPOCH;
  expect(result).toMatchObject({ outcome: 'completed', final: { step, stateDigest: digestAt(step) } });
  expect(here.called('validate')).toHaveLength(EPOCHS); // none twice
  expect(new Set(here.called('uploadCheckpoint')).size).toBe(EPOCHS);
  expect(result.adjustments).toEqual(made);
  expect(made).toHaveLength(Object.keys(ADJUSTED).length);
  expect(trainedWith.at(-1)).toEqual(made);
  expect((result.earlierSessions?.count ?? 0) + result.sessions.length).toBe(opened);
  expect(opened).toBeGreaterThanOrEqual(DAYS * SESSIONS); // and one where a history was full in the middle of one
  expect(result.sessions.every(({ stepsRedone }) => stepsRedone === 0)).toBe(true);
  expect(new Set(result.sessions.map(({ reason }) => reason))).toEqual(
    new Set(['preempted', 'paused', 'history-full']),
  );

  const histories = await historiesOf(handle);
  expect(histories.length).toBeGreaterThanOrEqual(2);
  for (const history of histories) expect(history.length).toBeLessThan(4_500);
  const rounds = histories.flatMap(roundsOf);
  expect(rounds.length).toBeGreaterThanOrEqual(EPOCHS - histories.length);
  expect(Math.max(...rounds.slice(0, SESSIONS))).toBeLessThanOrEqual(30); // of this version; the later ones sleep besides
  const patches = markersIn(histories.flat());
  expect(patches).toMatch(/second/);
  expect(patches).toMatch(/third/);
  for (const history of histories.slice(0, -1)) {
    const carried = payloadsOf(history.slice(-1)).reduce((bytes, { data }) => bytes + data.length, 0);
    expect(carried).toBeGreaterThan(1_000);
    expect(carried).toBeLessThan(64 * 1024);
  }
}, 240_000);

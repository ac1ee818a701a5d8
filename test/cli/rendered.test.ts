import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  RetryState,
  TerminatedFailure,
} from '@temporalio/common';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { describeVerified, summaryOf } from '../../cli/checkpoints.js';
import { renderRuns } from '../../cli/list.js';
import { renderCheckpoints } from '../../cli/render/checkpoints.js';
import { renderPredictions } from '../../cli/render/predictions.js';
import { JsonReporter } from '../../cli/render/json-lines.js';
import { renderTable } from '../../cli/render/table.js';
import { failureEnd } from '../../cli/runs/ending.js';
import { whileWaiting } from '../../cli/runs/waiting.js';
import { statusQuery, workflowState } from '../../cli/runs/workflow-state.js';
import { aLook, startedAtMs } from './a-run.js';

const startTime = new Date(startedAtMs);
const stateOf = (name: 'COMPLETED' | 'TERMINATED' | 'RUNNING' | 'CANCELLED', memo?: Record<string, unknown>) =>
  workflowState({ workflowId: 'glosses-1a2b3c4d', status: { code: 1, name }, startTime, memo });

test('a state of Temporal that is none of ours is asked for with those that run, as it is told', () => {
  expect(statusQuery()).toBe('ExecutionStatus != "ContinuedAsNew"');
  expect(statusQuery('running')).toMatch(
    /^ExecutionStatus != "ContinuedAsNew" AND (ExecutionStatus != "\w+"( AND |$)){5}$/,
  );
  expect(statusQuery('failed')).toBe('ExecutionStatus IN ("Failed", "Terminated", "TimedOut")');
});

test("Temporal's states become four of ours, and a strange memo is no failure", () => {
  expect(stateOf('COMPLETED').state).toBe('done');
  expect(stateOf('TERMINATED').state).toBe('failed');
  expect(stateOf('CANCELLED').state).toBe('cancelled');
  expect(stateOf('RUNNING', { job: 7, model: 'm' })).toMatchObject({ state: 'running', job: null, model: 'm' });
  expect(stateOf('RUNNING', { startedAt: 'at noon' }).startedAt).toEqual(startTime);
  const before = '2026-02-01T12:00:00.000Z'; // of a run that is in its second history
  expect(stateOf('RUNNING', { startedAt: before }).startedAt).toEqual(new Date(before));
});

test('a failed run says what failed at the bottom of it', () => {
  const failure = ApplicationFailure.nonRetryable('label "x" has one row', 'UserError');
  const activity = new ActivityFailure(
    'Activity task failed',
    'preprocess',
    '1',
    RetryState.NON_RETRYABLE_FAILURE,
    'w',
    failure,
  );
  expect(failureEnd('r', activity)).toEqual({ state: 'failed', message: 'r failed: label "x" has one row' });
  expect(failureEnd('r', new CancelledFailure('x')).state).toBe('cancelled');
  expect(failureEnd('r', new TerminatedFailure('by hand')).message).toBe('r was terminated in Temporal: by hand.');
});

test('a table aligns figures at the right, and ends its lines without blanks', () => {
  const columns = [
    { title: 'N', right: true as const, value: (row: [number, string]) => String(row[0]) },
    { title: 'NAME', value: (row: [number, string]) => row[1] },
  ];
  expect(
    renderTable(columns, [
      [7, 'a'],
      [100, ''],
    ]),
  ).toEqual(['  N  NAME', '  7  a', '100']);
});

test('an empty list says what to do', () => {
  expect(renderRuns([], 0)).toEqual(['No run was started here yet. Start one with: temper run JOB']);
});

test('a prediction: the label, its score, the text; or several labels below the text', () => {
  const inputs = [{ kind: 'text' as const, text: 'a cat', pair: null }];
  const scores = { food: 0.25, animal: 0.7, time: 0.05 };
  const predictions = [{ kind: 'class' as const, label: 'animal', scores }];
  const plain = (top: number) =>
    renderPredictions(inputs, predictions, top).map((line) => stripVTControlCharacters(line));
  expect(plain(1)).toEqual(['animal   70.0 %  a cat']);
  expect(plain(2)).toEqual(['a cat', '  animal   70.0 %', '  food     25.0 %']);
});

test('JSON lines come when something changed, and each ten seconds of training', () => {
  const reporter = new JsonReporter();
  const said = [0, 1, 9, 10, 11].map((s) => reporter.event(aLook(100 + s), startedAtMs + s * 1000) !== null);
  expect(said).toEqual([true, false, false, true, false]);
  expect(reporter.event(aLook(112, { stage: 'validate' }), startedAtMs + 12_000)).toMatchObject({
    event: 'progress',
    run: 'glosses-1a2b3c4d',
  });
});

test('a damaged checkpoint names what is damaged', () => {
  const verified = {
    sequence: 4,
    step: 40,
    verdict: 'damaged' as const,
    problems: ['shard x is missing'],
    shards: 1,
    bytes: 1,
  };
  expect(describeVerified(verified)).toEqual(['checkpoint 4 (step 40): DAMAGED', '  shard x is missing']);
  const gone = (problem: string) => ({ ...verified, verdict: 'gone' as const, problems: [problem] });
  const sound = { ...verified, verdict: 'sound' as const, problems: [] };
  const all = [gone('retired'), gone('retired'), gone('quarantined: torn'), verified, sound];
  expect(summaryOf(all)).toBe('1 sound, 1 DAMAGED, 1 quarantined, 2 retired');
  expect(summaryOf([sound, sound])).toBe('2 sound');
});

test('of a damaged or quarantined checkpoint the reason stands below the table', () => {
  const lines = renderCheckpoints('r', [
    { kind: 'quarantined', sequence: 4, committedAt: null, reason: 'shard x is missing' },
  ]);
  expect(lines).toHaveLength(3);
  expect(lines[1]).toMatch(/^ +4 .*quarantined$/);
  expect(lines[2]).toBe('checkpoint 4: shard x is missing');
});

test('a long wait is told, a short one is not; its failure is passed on', async () => {
  let told = 0;
  const tell = async () => void told++;
  expect(await whileWaiting(Promise.resolve(1), 5, tell)).toBe(1);
  expect(told).toBe(0);
  // An answer that comes only when it was told three times that it takes long.
  let answer = (_value: number): void => undefined;
  const slow = new Promise<number>((resolve) => (answer = resolve));
  const tellThenAnswer = async () => void (++told === 3 && answer(2));
  expect(await whileWaiting(slow, 5, tellThenAnswer)).toBe(2);
  expect(told).toBe(3);
  await expect(whileWaiting(Promise.reject(new Error('no')), 5, tell)).rejects.toThrow('no');
});

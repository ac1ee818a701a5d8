import { expect, test } from 'vitest';
import { LineReporter } from '../../cli/render/lines.js';
import { reasonOf } from '../../cli/render/sessions.js';
import type { SessionRecord } from '../../workflows/contract.js';
import { aCheckpoint, aLook, anObservation, aSession, startedAtMs } from './a-run.js';

const now = startedAtMs + 60_000;

test('the first look tells stage and training figures', () => {
  expect(new LineReporter().lines(aLook(110), now)).toEqual([
    'stage: training, epoch 2 of 3, step 110 of 300',
    'step 110 of 300, loss 0.8000, learning rate 5.00e-5, 320 examples/s, about 19 s left',
  ]);
});

test('training is told each ten seconds, however often one looks', () => {
  const reporter = new LineReporter();
  const told = [0, 1, 5, 9.9, 10, 12, 20].map((s) => reporter.lines(aLook(110 + s * 10), now + s * 1000).length);
  expect(told).toEqual([2, 0, 0, 0, 1, 0, 1]);
});

test('a step that did not move is not told again', () => {
  const reporter = new LineReporter();
  reporter.lines(aLook(110), now);
  expect(reporter.lines(aLook(110), now + 60_000)).toEqual([]);
});

test('each validation is told once, and whether it was the best when it came', () => {
  const reporter = new LineReporter();
  reporter.lines(aLook(110), now);
  const observations = [anObservation(100, 0.5), anObservation(200, 0.6), anObservation(300, 0.4)];
  const lines = reporter.lines(aLook(110, { observations }), now + 1000);
  expect(lines.map((line) => line.includes('the best so far'))).toEqual([true, false, true]);
  expect(lines[0]).toContain('validation at step 100 (epoch 1): loss 0.5000, accuracy 75.0 %');
  expect(reporter.lines(aLook(110, { observations }), now + 2000)).toEqual([]);
});

test('who joins a long run hears of its last three validations', () => {
  const observations = [1, 2, 3, 4, 5].map((epoch) => anObservation(epoch * 100, 1 / epoch));
  const lines = new LineReporter().lines(aLook(510, { observations }), now);
  expect(lines.filter((line) => line.startsWith('validation'))).toHaveLength(3);
});

test('a checkpoint is told when it is durable', () => {
  const reporter = new LineReporter();
  reporter.lines(aLook(110), now);
  const lastCheckpoint = { ...aCheckpoint(7, 100), committedAtMs: now };
  expect(reporter.lines(aLook(110, { lastCheckpoint }), now)).toEqual(['checkpoint 7 is durable: step 100']);
});

test('a worker that died is told of as the one in its place said it', () => {
  const detail = 'openSession: its worker (pid 4711) died';
  expect(reasonOf({ reason: 'session-lost', detail })).toBe('the session was lost (its worker (pid 4711) died)');
});

test('a recovery is told with its cause, where it went on and what is done again', () => {
  const reporter = new LineReporter();
  reporter.lines(aLook(110), now);
  const lost = aSession({
    ...{ reason: 'session-lost', detail: 'trainEpoch: no heartbeat', from: { sequence: 7, step: 100 } },
    ...{ stepsRedone: 9, recoveryMs: 7_400, host: 'beta' },
  });
  expect(reporter.lines(aLook(110, { sessions: [aSession(), lost] }), now)).toEqual([
    'the session was lost (its worker stopped answering): goes on from checkpoint 7 (step 100) on beta after 7 s, 9 steps are done again',
  ]);
});

test('each session is told once, also when a run has more than it keeps', () => {
  const reporter = new LineReporter();
  const lost = (sequence: number) =>
    aSession({ ...{ reason: 'session-lost', from: { sequence, step: 100 }, host: 'beta' } });
  const sums = { byReason: {}, fingerprintChanges: 0 };
  const linesOf = (sessions: SessionRecord[], count: number) =>
    reporter
      .lines(aLook(110, { sessions, ...(count > 0 && { earlierSessions: { count, ...sums } }) }), now)
      .filter((line) => line.startsWith('the session was lost'))
      .map((line) => /checkpoint (\d+)/.exec(line)?.[1]);
  expect(linesOf([lost(1), lost(2)], 0)).toEqual(['1', '2']);
  expect(linesOf([lost(2), lost(3)], 1)).toEqual(['3']);
  expect(linesOf([lost(2), lost(3)], 1)).toEqual([]);
  expect(linesOf([lost(5), lost(6)], 4)).toEqual(['5', '6']);
});

test('an absence of Temporal is told once, and its return', () => {
  const reporter = new LineReporter();
  const away = aLook(110, {}, { temporalAnswers: false });
  reporter.lines(aLook(110), now);
  expect(reporter.lines(away, now + 1000)).toEqual(['Temporal does not answer, waiting']);
  expect(reporter.lines(away, now + 2000)).toEqual([]);
  expect(reporter.lines(aLook(110), now + 3000)).toEqual(['it answers again']);
});

test('a silence of the device is told once, though it grows', () => {
  const reporter = new LineReporter();
  const heartbeat = { mark: 'x', seenAtMs: now };
  const silentFor = (ms: number) => aLook(110, {}, { heartbeat, lookedAtMs: now + ms });
  reporter.lines(silentFor(0), now);
  expect(reporter.lines(silentFor(6000), now + 6000)).toEqual(['no heartbeat from the device for 6 s']);
  expect(reporter.lines(silentFor(7000), now + 7000)).toEqual([]);
});

test('a run whose steps wait for their rows says so', () => {
  const look = aLook(110);
  const slow = (waiting: number) => ({ ...look, progress: { ...look.progress!, waiting } });
  expect(new LineReporter().lines(slow(0.019), now)[1]).toContain('320 examples/s, about');
  expect(new LineReporter().lines(slow(0.34), now)[1]).toContain(
    '320 examples/s, 34 % of the time waits for data, about',
  );
});

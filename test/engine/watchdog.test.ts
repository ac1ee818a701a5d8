import { expect, test } from 'vitest';
import { parseStat, processUse, type ProcessUse } from '../../engine/process-use.js';
import { allowedSilence, hangSentence, Watchdog, type Hang } from '../../engine/watchdog.js';
import type { TrainProgress } from '../../workflows/contract.js';

const SECOND = 1_000;

const trained = (step: number): TrainProgress => ({
  ...{ stage: 'training', position: { step, epoch: 0, cursor: step } },
  ...{ loss: 1, learningRate: null, examplesPerSecond: null },
});

/** Lets seconds pass; `use` says what the process is at in each. The first hang with the second it was found in, or null. */
function pass(watchdog: Watchdog, seconds: number, use: (second: number) => ProcessUse | null) {
  for (let second = 1; second <= seconds; second++) {
    const hang = watchdog.tick(SECOND, use(second));
    if (hang) return { second, ...hang };
  }
  return null;
}
const still = (): ProcessUse => ({ cpuMs: 50, runnable: false });
const computing = (second: number): ProcessUse => ({ cpuMs: 900 * second, runnable: false });
const starved = (): ProcessUse => ({ cpuMs: 50, runnable: true });
const unknown = (): null => null;

/** At step 11 of a training whose steps took so long. */
function inTraining(stepMs: number): Watchdog {
  const watchdog = new Watchdog();
  watchdog.begin('train');
  for (let step = 1; step <= 10; step++) watchdog.reported(trained(step), step * stepMs);
  return watchdog;
}

test('a training that stands still is found after a minute, or twenty steps', () => {
  expect(pass(inTraining(200), 300, still)).toMatchObject({ second: 62, still: true, stepMs: 200 });
  expect(pass(inTraining(10 * SECOND), 300, still)).toMatchObject({ second: 202, still: true, stepMs: 10_000 });
});

test('one that computes is given five times as long, whoever it shares the processor with', () => {
  for (const use of [computing, starved, unknown])
    expect(pass(inTraining(200), 1_000, use)).toMatchObject({ second: 301, still: false });
});

test('what is compiled, restored and evaluated has times of its own, and so has a first step', () => {
  for (const activity of ['load', 'restore', 'evaluate', 'train'] as const) {
    const watchdog = new Watchdog();
    watchdog.begin(activity);
    expect(pass(watchdog, 1_199, computing), activity).toBeNull();
    const other = new Watchdog();
    other.begin(activity);
    expect(pass(other, 300, still), activity).toMatchObject({ second: 122, still: true });
  }
});

test('an engine that is started, and one that is asked nothing', () => {
  expect(pass(new Watchdog(), 300, still)).toMatchObject({ second: 62 });
  const idle = new Watchdog();
  idle.begin(null);
  expect(pass(idle, 10_000, still)).toBeNull();
});

test('progress begins the time anew; what a step took is forgotten with what was loaded', () => {
  const watchdog = inTraining(200);
  for (let step = 11; step < 20; step++) {
    expect(pass(watchdog, 59, still)).toBeNull();
    watchdog.reported(trained(step), step * 200);
  }
  expect(watchdog.stepMs).toBe(200);
  watchdog.begin('load');
  expect(watchdog.stepMs).toBeNull();
});

test('the patience of a worker scales every time', () => {
  expect(allowedSilence('train', 1, 2_000)).toEqual({ stillMs: 2_000, busyMs: 10_000 });
  expect(allowedSilence('train', 1_000, 2_000)).toEqual({ stillMs: 20_000, busyMs: 100_000 });
  expect(allowedSilence('evaluate', null, 2_000)).toEqual({ stillMs: 4_000, busyMs: 40_000 });
});

test('the sentence says where, for how long and what was usual', () => {
  const hang: Hang = { silentMs: 61_400, still: true, stepMs: 210 };
  expect(hangSentence(hang, 'step 481')).toBe(
    'hung at step 481: no progress for 61.4 s, where a step takes 0.21 s, and it stood still; it was killed',
  );
  expect(hangSentence({ silentMs: 1_201_000, still: false, stepMs: null }, 'load')).toBe(
    'hung at load: no progress for 1201 s, though it was computing; it was killed',
  );
});

test('what a process is at is read from /proc', () => {
  const line = '7 (a (b) c) S 1 7 7 0 -1 4194560 1 0 0 0 12 30 0 0 20 0 1 0 100 1 1';
  expect(parseStat(line)).toEqual({ cpuMs: 420, runnable: false });
  expect(parseStat(line.replace(') S ', ') R '))).toMatchObject({ runnable: true });
  expect(parseStat('nonsense')).toBeNull();
  expect(processUse(process.pid)).toMatchObject({ runnable: true });
  expect(processUse(2 ** 30)).toBeNull();
});

test('a worker that stood still itself for ten minutes finds nobody guilty when it wakes', () => {
  const watchdog = inTraining(200);
  expect(watchdog.tick(600 * SECOND, still())).toBeNull();
  expect(pass(watchdog, 58, still)).toBeNull();
});

test('saving what was trained takes as long as it takes, not as long as a step', () => {
  const watchdog = inTraining(200);
  watchdog.reported({ ...trained(10), stage: 'saving' }, 10 * SECOND);
  expect(pass(watchdog, 1_199, computing)).toBeNull();
});

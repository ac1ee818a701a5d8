import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { renderScreen } from '../../cli/render/screen.js';
import { cut } from '../../cli/render/views.js';
import { unseen } from '../../cli/runs/look.js';
import { aCheckpoint, aLook, anObservation, aSession, startedAtMs } from './a-run.js';

const now = startedAtMs + 60_000;
const screen = (...[look, width = 100]: [Parameters<typeof renderScreen>[0], number?]) =>
  renderScreen(look, now, width).map((line) => stripVTControlCharacters(line));

test('the screen of a run that trains', () => {
  const lastCheckpoint = { ...aCheckpoint(3, 100), committedAtMs: now - 12_000 };
  const observations = [anObservation(100, 0.5)];
  const policy = { best: observations[0]!, epochsWithoutImprovement: 0, shouldStop: false };
  expect(screen(aLook(150, { lastCheckpoint, observations, policy }))).toEqual([
    'glosses-1a2b3c4d  training  1 min 00 s',
    `  epoch      ${'━'.repeat(20)}${'─'.repeat(20)}  2 of 3`,
    `  step       ${'━'.repeat(20)}${'─'.repeat(20)}  150 of 300`,
    '  training   loss 0.8000  learning rate 5.00e-5  320 examples/s  about 15 s left',
    '  validation epoch 1  step 100  loss 0.5000  accuracy 75.0 %  F1 75.0 %  ★ best',
    '  durable    checkpoint 3, step 100, 12 s ago',
    '  session    1 on alpha',
  ]);
});

test('a run of which nothing is known yet is starting', () => {
  expect(screen(unseen('glosses-1a2b3c4d'))).toEqual(['glosses-1a2b3c4d  starting  ']);
});

test('without a worker the screen says so', () => {
  const look = aLook(150, {}, { worker: 'silent' });
  expect(screen(look)[1]).toBe('  no worker answers: is one running?');
});

test('a store that is away is told as what the run waits for', () => {
  const look = aLook(150);
  const waiting = { ...look, progress: { ...look.progress!, stage: 'waiting-for-store' as const } };
  expect(screen(waiting)[0]).toContain('training: the store does not answer, waiting');
});

test('recoveries are counted, and the last is named; a pause is none', () => {
  const sessions = [
    aSession(),
    aSession({ reason: 'paused', detail: 'resumed by the operator' }),
    aSession({ reason: 'session-lost', detail: 'trainEpoch: no heartbeat' }),
  ];
  expect(screen(aLook(150, { sessions })).at(-1)).toBe(
    '  session    3 on alpha  1 recovery, the last: the session was lost (its worker stopped answering)',
  );
});

test('the best validation stays in sight when it is long ago', () => {
  const observations = Array.from({ length: 12 }, (_, i) => anObservation((i + 1) * 100, i === 0 ? 0.1 : 0.5));
  const policy = { best: observations[0]!, epochsWithoutImprovement: 11, shouldStop: false };
  const shown = screen(aLook(1210, { observations, policy })).filter((line) => line.includes('accuracy'));
  expect(shown).toHaveLength(9);
  expect(shown[0]).toContain('epoch 1  step 100');
  expect(shown[0]).toContain('★ best');
});

test('a line is cut at the width of the terminal, its colours left whole', () => {
  expect(cut('\u001b[1mabcdef\u001b[22m', 3)).toBe('\u001b[1mabc\u001b[22m');
  expect(cut('abc', 10)).toBe('abc');
});

test('validations are shown by step, though a recovery listed them in another order', () => {
  const observations = [anObservation(300, 0.3), anObservation(100, 0.5), anObservation(200, 0.4)];
  const shown = screen(aLook(350, { observations })).filter((line) => line.includes('accuracy'));
  expect(shown.map((line) => /step (\d+)/.exec(line)?.[1])).toEqual(['100', '200', '300']);
});

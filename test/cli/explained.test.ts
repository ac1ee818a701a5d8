import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { costByCause } from '../../cli/render/cost-by-cause.js';
import { costOf, renderExplained, renderOrigins } from '../../cli/render/explained.js';
import { aCheckpoint, aSession, startedAtMs } from './a-run.js';

const lost = aSession({
  ...{ reason: 'session-lost', detail: 'trainEpoch: no heartbeat', from: { sequence: 7, step: 100 } },
  ...{ stepsRedone: 9, recoveryMs: 7_400, redoneMs: 3_000, host: 'beta', openedAtMs: startedAtMs + 60_000 },
});
const text = (...sessions: Parameters<typeof renderExplained>[1]) =>
  renderExplained('glosses-1a2b3c4d', sessions)
    .map((line) => stripVTControlCharacters(line))
    .join('\n');

test('an undisturbed run: one session, nothing lost', () => {
  expect(text(aSession())).toContain('In all: 1 session, nothing was lost and nothing done again.');
});

test('a lost session: cause, checkpoint, steps done again and what it cost', () => {
  const told = text(aSession(), lost);
  expect(told).toContain('beta: the session was lost (its worker stopped answering).');
  expect(told).toContain('Went on from checkpoint 7 (step 100): the newest, and it verified.');
  expect(told).toContain('9 steps after it were not durable yet and done again, which had taken 3 s.');
  expect(told).toContain(
    'In all: 2 sessions, 1 recovery; they cost 7 s without a device and 3 s for 9 steps done again.',
  );
});

test('a damaged checkpoint that was passed over is named', () => {
  const told = text(aSession(), { ...lost, passedOver: ['checkpoint 8: shard x is missing'] });
  expect(told).toContain('Went on from checkpoint 7 (step 100): the newest that verifies.');
  expect(told).toContain('Passed over checkpoint 8: shard x is missing');
});

test('a change of fingerprint says from which step bits may differ', () => {
  const told = text(aSession(), { ...lost, fingerprint: 'e'.repeat(64) });
  expect(told).toContain(
    'The fingerprint changed from ffffffffffff to eeeeeeeeeeee: from step 100 on, bits may differ.',
  );
});

test('a run that never held a device has nothing to tell', () => {
  expect(text()).toContain('has not held a device yet');
});

test('waiting for the first device and for an operator is no cost of recovery', () => {
  const sessions = [aSession({ recoveryMs: 60_000 }), aSession({ reason: 'paused', recoveryMs: 5_000 }), lost];
  expect(costOf(sessions)).toEqual({
    ...{ sessions: 3, recoveries: 1, stepsRedone: 9, recoveryMs: 7_400, redoneMs: 3_000, fingerprintChanges: 0 },
  });
});

test('what each cause cost, the dearest first', () => {
  const engine = { ...lost, reason: 'engine-failed', recoveryMs: 1_000, stepsRedone: 2, redoneMs: 500 } as const;
  const paused = aSession({ reason: 'paused', recoveryMs: 60_000 });
  expect(costByCause([aSession(), engine, lost, paused, lost])).toEqual([
    { cause: 'paused', times: 1, stepsRedone: 0, recoveryMs: 60_000, redoneMs: 0 },
    { cause: 'session-lost', times: 2, stepsRedone: 18, recoveryMs: 14_800, redoneMs: 6_000 },
    { cause: 'engine-failed', times: 1, stepsRedone: 2, recoveryMs: 1_000, redoneMs: 500 },
  ]);
  expect(text(aSession(), lost)).toMatch(/^the session was lost +1 +7 s +9 steps +3 s$/m);
});

test('the lineage: fork, adjustments with their steps, checkpoints that were set aside', () => {
  const adjustments = [{ fromStep: 20, changes: { learningRate: 5e-5, patience: 3 } }];
  const quarantined = [{ sequence: 4, reason: 'shard x is missing' }];
  const lines = renderOrigins('other', { fork: aCheckpoint(7, 100), adjustments, quarantined });
  expect(lines.map((line) => stripVTControlCharacters(line))).toEqual([
    'other began from checkpoint 7 (step 100) of glosses-1a2b3c4d.',
    'Adjusted from step 20: learning rate 5.00e-5, patience 3.',
    'Checkpoint 4 is set aside: shard x is missing.',
  ]);
  expect(renderOrigins('other', { fork: null, adjustments: [], quarantined: null })).toHaveLength(1);
});

import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { costByCause } from '../../cli/render/cost-by-cause.js';
import { costOf, renderExplained, renderOrigins } from '../../cli/render/explained.js';
import type { SessionRecord } from '../../workflows/contract.js';
import { withSession, type KeptSessions } from '../../workflows/policies/session-sums.js';
import { aCheckpoint, aSession, startedAtMs } from './a-run.js';

const lost = aSession({
  ...{ reason: 'session-lost', detail: 'trainEpoch: no heartbeat', from: { sequence: 7, step: 100 } },
  ...{ stepsRedone: 9, recoveryMs: 7_400, redoneMs: 3_000, host: 'beta', openedAtMs: startedAtMs + 60_000 },
});
const all = (...sessions: SessionRecord[]) => ({ sessions, earlier: null });
const told = (kept: KeptSessions) =>
  renderExplained('glosses-1a2b3c4d', kept)
    .map((line) => stripVTControlCharacters(line))
    .join('\n');
const text = (...sessions: SessionRecord[]) => told(all(...sessions));

test('an undisturbed run: one session, nothing lost', () => {
  expect(text(aSession())).toContain('In all: 1 session, nothing was lost and nothing done again.');
});

test('a lost session: cause, checkpoint, steps done again and what it cost', () => {
  const said = text(aSession(), lost);
  expect(said).toContain('beta: the session was lost (its worker stopped answering).');
  expect(said).toContain('Went on from checkpoint 7 (step 100): the newest, and it verified.');
  expect(said).toContain('9 steps after it were not durable yet and done again, which had taken 3 s.');
  expect(said).toContain(
    'In all: 2 sessions, 1 recovery; they cost 7 s without a device and 3 s for 9 steps done again.',
  );
});

test('a damaged checkpoint that was passed over is named', () => {
  const said = text(aSession(), { ...lost, passedOver: ['checkpoint 8: shard x is missing'] });
  expect(said).toContain('Went on from checkpoint 7 (step 100): the newest that verifies.');
  expect(said).toContain('Passed over checkpoint 8: shard x is missing');
});

test('a change of fingerprint says from which step bits may differ', () => {
  const said = text(aSession(), { ...lost, fingerprint: 'e'.repeat(64) });
  expect(said).toContain(
    'The fingerprint changed from ffffffffffff to eeeeeeeeeeee: from step 100 on, bits may differ.',
  );
});

test('a run that never held a device has nothing to tell', () => {
  expect(text()).toContain('has not held a device yet');
});

test('waiting for the first device and for an operator is no cost of recovery', () => {
  const sessions = [aSession({ recoveryMs: 60_000 }), aSession({ reason: 'paused', recoveryMs: 5_000 }), lost];
  expect(costOf(all(...sessions))).toEqual({
    ...{ sessions: 3, recoveries: 1, stepsRedone: 9, recoveryMs: 7_400, redoneMs: 3_000, fingerprintChanges: 0 },
  });
});

test('what each cause cost, the dearest first', () => {
  const engine = { ...lost, reason: 'engine-failed', recoveryMs: 1_000, stepsRedone: 2, redoneMs: 500 } as const;
  const paused = aSession({ reason: 'paused', recoveryMs: 60_000 });
  expect(costByCause(all(aSession(), engine, lost, paused, lost))).toEqual([
    { cause: 'paused', times: 1, stepsRedone: 0, recoveryMs: 60_000, redoneMs: 0 },
    { cause: 'session-lost', times: 2, stepsRedone: 18, recoveryMs: 14_800, redoneMs: 6_000 },
    { cause: 'engine-failed', times: 1, stepsRedone: 2, recoveryMs: 1_000, redoneMs: 500 },
  ]);
  expect(text(aSession(), lost)).toMatch(/^the session was lost +1 +7 s +9 steps +3 s$/m);
});

test('of a run with more sessions than it keeps the sums are those of all, and the numbers go on', () => {
  const reasons = ['session-lost', 'engine-failed', 'disk-full', 'preempted'] as const;
  const sessions = Array.from({ length: 40 }, (_, i) => ({
    ...(i === 0 ? aSession() : { ...lost, reason: reasons[i % 4]! }),
    ...{ stepsRedone: i, recoveryMs: 1_000 + i, redoneMs: 10 * i, fingerprint: (i < 25 ? 'f' : 'e').repeat(64) },
  }));
  const kept = (most: number) =>
    sessions.reduce<KeptSessions>((before, session) => withSession(before, session, most), all());
  expect(kept(40)).toEqual(all(...sessions));
  for (const most of [39, 15, 14, 2]) {
    const few = kept(most);
    expect(few.sessions).toEqual(sessions.slice(-most));
    expect(costOf(few)).toEqual(costOf(all(...sessions)));
    expect(costByCause(few)).toEqual(costByCause(all(...sessions)));
  }
  expect(costOf(kept(5))).toMatchObject({ sessions: 40, recoveries: 29, fingerprintChanges: 1 });
  expect(told(kept(5))).toContain('The first 35 sessions of glosses-1a2b3c4d are told in the sums only.');
  expect(told(kept(5))).toMatch(/^ +36 /m);
  expect(told(kept(5))).toContain('In all: 40 sessions, 29 recoveries;');
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

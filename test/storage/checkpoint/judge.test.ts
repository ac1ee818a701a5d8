import { expect, test } from 'vitest';
import { judge, type OurState } from '../../../storage/checkpoint/judge.js';
import { checkpointFormat, type CheckpointRecord, type Manifest } from '../../../storage/checkpoint/manifest.js';
import type { ObjectKey } from '../../../workflows/contract.js';
import { digestOf, freshRun, lineage } from './states.js';

const run = freshRun();
const ours: OurState = {
  run,
  position: { step: 50, epoch: 0, cursor: 50 },
  lineage,
  stateDigest: digestOf('ours'),
  strict: true,
  files: ['/snapshot/0.safetensors'],
};
const at = (sequence: number, step: number, state: string, of = lineage): Manifest => ({
  ...{ kind: 'manifest', format: checkpointFormat, run, sequence, step, epoch: 0, cursor: step, lineage: of },
  ...{ stateDigest: digestOf(state), parent: null, base: [], shards: [], observations: [] },
  createdBy: { fingerprint: '', session: '' },
});
const retired = (was: Manifest): CheckpointRecord => ({
  ...{ kind: 'tombstone', format: checkpointFormat, run, sequence: was.sequence, was },
});
const quarantined = (sequence: number): CheckpointRecord => ({
  ...{ kind: 'quarantine', format: checkpointFormat, run, sequence, reason: '', copy: 'x' as ObjectKey },
});
const lax = { ...ours, strict: false };

test('a free number is taken', () => {
  expect(judge(ours, 6, [])).toEqual({ kind: 'take', sequence: 6 });
});
test('our own state, or an equal twin’s, is success, also when others went on from it', () => {
  expect(judge(ours, 6, [at(6, 50, 'ours')])).toMatchObject({ kind: 'already-there', winner: { sequence: 6 } });
  const followed = [at(6, 50, 'ours'), at(7, 60, 'later')];
  expect(judge(ours, 6, followed)).toMatchObject({ kind: 'already-there', winner: { sequence: 6 } });
});
test('who is further takes the next number', () => {
  expect(judge(ours, 6, [at(6, 40, 'behind'), at(7, 45, 'behind')])).toEqual({ kind: 'take', sequence: 8 });
});
test('who is behind rewinds to the newest', () => {
  const newer = [at(6, 40, 'a'), at(7, 60, 'b'), at(8, 70, 'c')];
  expect(judge(ours, 6, newer)).toMatchObject({ kind: 'rewind', winner: { sequence: 8 } });
});
test('who is behind rewinds to the furthest, also when somebody who had not heard of an adjustment committed an earlier one after it', () => {
  const newer = [at(6, 60, 'adjusted'), at(7, 40, 'of before it')];
  expect(judge(ours, 6, newer)).toMatchObject({ kind: 'rewind', winner: { sequence: 6 } });
});
test('other bits at the same step stop a strict run, also when theirs was retired, and are adopted by others', () => {
  expect(() => judge(ours, 6, [at(6, 50, 'theirs')])).toThrow(/diverged at step 50/);
  expect(() => judge(ours, 6, [retired(at(6, 50, 'theirs')), at(7, 60, 'later')])).toThrow(/diverged/);
  expect(judge(lax, 6, [at(6, 50, 'theirs')])).toMatchObject({ kind: 'adopted', winner: { sequence: 6 } });
  const gone = [retired(at(6, 50, 'theirs')), at(7, 60, 'later')];
  expect(judge(lax, 6, gone)).toMatchObject({ kind: 'rewind', winner: { sequence: 7 } });
});
test('a divergence names both digests and where both are', () => {
  expect(() => judge(ours, 6, [at(6, 50, 'theirs')])).toThrow(digestOf('ours'));
  expect(() => judge(ours, 6, [at(6, 50, 'theirs')])).toThrow(digestOf('theirs'));
  expect(() => judge(ours, 6, [at(6, 50, 'theirs')])).toThrow('/snapshot/0.safetensors');
  expect(() => judge(ours, 6, [at(6, 50, 'theirs')])).toThrow(`runs/${run}/checkpoints/00000000000000000006.json`);
});
test('a quarantine record, a tombstone and another lineage only take their number', () => {
  const others = [quarantined(6), at(7, 50, 'adjusted', digestOf('other')), at(8, 99, 'adjusted', digestOf('other'))];
  expect(judge(ours, 6, others)).toEqual({ kind: 'take', sequence: 9 });
  expect(judge(ours, 6, [retired(at(6, 50, 'ours'))])).toEqual({ kind: 'take', sequence: 7 });
});
test('our state retired since, and others further: rewind', () => {
  const newer = [retired(at(6, 50, 'ours')), at(7, 60, 'later')];
  expect(judge(ours, 6, newer)).toMatchObject({ kind: 'rewind', winner: { sequence: 7 } });
});

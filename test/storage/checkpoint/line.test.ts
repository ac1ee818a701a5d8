import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lineOf } from '../../../activities/session/in-force.js';
import { judge } from '../../../storage/checkpoint/judge.js';
import { isOfLine, lineageAt, type Line } from '../../../storage/checkpoint/line.js';
import { listCheckpoints } from '../../../storage/checkpoint/list.js';
import { decodeRecord, encodeRecord, type Manifest } from '../../../storage/checkpoint/manifest.js';
import { findNewestCheckpoint } from '../../../storage/checkpoint/restore.js';
import { retireCheckpoints } from '../../../storage/checkpoint/retention.js';
import type { ObjectStore } from '../../../storage/object-store.js';
import { startS3Server, type S3Server } from '../../support/s3-server.js';
import { commitChain, commitState, digestOf, freshRun, lineage, recordAt } from './states.js';

let server: S3Server;
let store: ObjectStore;
let folder: string;

beforeAll(async () => {
  server = await startS3Server();
  store = server.open();
  folder = await mkdtemp(join(tmpdir(), 'temper-line-'));
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const line = lineOf({
  lineage,
  adjustments: [
    { fromStep: 30, changes: { learningRate: 0.1, epochs: 5 } },
    { fromStep: 35, changes: { checkpointMinutes: 2 } },
    { fromStep: 50, changes: { batchSize: 8 } },
  ],
});
const adjusted = lineageAt(line, 40)!;

test('an adjustment names the states after its step anew; when to store names none', () => {
  expect([0, 30, 31, 36, 50, 51, 99].map((step) => lineageAt(line, step) === lineage)).toEqual([
    ...[true, true, false, false, false, false, false],
  ]);
  expect(lineageAt(line, 31)).toBe(lineageAt(line, 50));
  expect(lineageAt(line, 51)).not.toBe(lineageAt(line, 50));
  const reordered = lineOf({ lineage, adjustments: [{ fromStep: 30, changes: { epochs: 5, learningRate: 0.1 } }] });
  expect(lineageAt(reordered, 31)).toBe(adjusted);
  expect(lineOf({ lineage, adjustments: [{ fromStep: 3, changes: { checkpointSteps: 9 } }] })).toBe(lineage);
  expect(isOfLine(lineage, { lineage, step: 99 })).toBe(true);
});

test('who has not heard of the adjustment neither stops a committer nor is restored, however far it is', async () => {
  const run = freshRun();
  const [, , at30] = await commitChain(store, folder, run, [10, 20, 30]);
  await commitState(store, folder, { run, step: 45, parent: at30!, shards: ['unadjusted'] });
  const unadjusted = (await recordAt(store, run, 4)) as Manifest;
  const ours = {
    run,
    position: { step: 40, epoch: 0, cursor: 40 },
    stateDigest: digestOf('ours'),
    strict: true,
    files: [],
  };
  expect(judge({ ...ours, lineage: adjusted, line }, 4, [unadjusted])).toEqual({ kind: 'take', sequence: 5 });
  // Also of a state of before the adjustment, which is done again: without the line it would rewind to it, for ever.
  const before = { ...ours, position: { step: 25, epoch: 0, cursor: 25 }, lineage };
  expect(judge({ ...before, line }, 4, [unadjusted])).toEqual({ kind: 'take', sequence: 5 });
  expect(judge(before, 4, [unadjusted])).toMatchObject({ kind: 'rewind' });

  const find = (of: Line) => findNewestCheckpoint(store, { run, lineage: of, cacheFolder: join(folder, run) });
  expect(await find(line)).toMatchObject({ kind: 'found', ref: { sequence: 3, step: 30 } });
  expect(await find(lineage)).toMatchObject({ kind: 'found', ref: { step: 45 } });

  const { ref } = await commitState(store, folder, { run, step: 40, parent: at30!, lineage: adjusted });
  expect(await find(line)).toMatchObject({ kind: 'found', ref: { step: 40, lineage: adjusted } });
  await retireCheckpoints(store, { run, lineage: line, keep: { last: 1, steps: [10] }, newest: ref });
  const kinds = (await listCheckpoints(store, run)).map(({ sequence, kind }) => [sequence, kind]);
  expect(kinds).toEqual([
    ...[
      [1, 'living'],
      [2, 'retired'],
      [3, 'living'], // the newest one's parent
    ],
    ...[
      [4, 'living'], // another lineage's stays
      [5, 'living'],
    ],
  ]);
});

test('a manifest says its adjustments and its fork; one without them is what it was before there were any', async () => {
  const run = freshRun();
  await commitState(store, folder, { run, step: 1 });
  const plain = (await recordAt(store, run, 1)) as Manifest;
  expect(encodeRecord(plain).toString()).not.toMatch(/adjustments|forkedFrom/);
  const adjustments = [{ fromStep: 0, changes: { learningRate: 0.1 } }];
  const forkedFrom = { run, sequence: 3, step: 7, lineage, stateDigest: digestOf('there') };
  const decoded = decodeRecord(encodeRecord({ ...plain, adjustments, forkedFrom }), { run, sequence: 1 });
  expect(decoded).toMatchObject({ kind: 'record', record: { adjustments, forkedFrom } });
});

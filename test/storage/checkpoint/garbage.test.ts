import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collectGarbage, findGarbage } from '../../../storage/checkpoint/garbage.js';
import { pinCheckpoint } from '../../../storage/checkpoint/pins.js';
import { fetchCheckpoint } from '../../../storage/checkpoint/restore.js';
import { runFolder, shardFolder, shardKey } from '../../../storage/layout.js';
import type { ObjectStore } from '../../../storage/object-store.js';
import type { RunId } from '../../../workflows/contract.js';
import { startS3Server, type S3Server } from '../../support/s3-server.js';
import { commitChain, commitState, digestOf, freshRun, keysBelow, shardKeysOf } from './states.js';

let server: S3Server;
let store: ObjectStore;
let folder: string;

beforeAll(async () => {
  server = await startS3Server();
  store = server.open();
  folder = await mkdtemp(join(tmpdir(), 'temper-garbage-'));
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What a dead upload left. */
async function orphan(run: RunId, step: number): Promise<string> {
  const key = shardKey(shardFolder(run, step, 'dead'), digestOf(`orphan ${step}`));
  await store.put(key, Buffer.from('orphan'));
  return key;
}

test('of a run that goes on only orphans go, and not those of an upload that is further', async () => {
  const run = freshRun();
  await commitChain(store, folder, run, [1, 2, 3]);
  const [dead, further] = [await orphan(run, 2), await orphan(run, 9)];
  const before = await keysBelow(store, runFolder(run));
  const collect = { run, ended: false, keepSteps: [] };
  const found = await findGarbage(store, collect);
  expect(found.files).toEqual([{ key: dead, bytes: 6, why: 'no checkpoint names it: its upload died' }]);
  expect(found).toMatchObject({
    retired: [],
    kept: [{ sequence: 1 }, { sequence: 2 }, { sequence: 3, why: 'it is the newest' }],
  });
  expect(await keysBelow(store, runFolder(run))).toEqual(before); // looking changes nothing

  expect(await collectGarbage(store, collect)).toEqual({ deletedObjects: 1 });
  const after = await shardKeysOf(store, run);
  expect(after).toContain(further);
  expect(after).not.toContain(dead);
});

test('of a run that has ended all goes but the newest, the named and the pinned: what was told, and no more', async () => {
  const run = freshRun();
  const refs = await commitChain(store, folder, run, [1, 2, 3, 4]);
  const { ref: newest } = await commitState(store, folder, {
    run,
    step: 5,
    parent: refs[3]!,
    lineage: digestOf('adjusted'),
  });
  await pinCheckpoint(store, refs[2]!, { name: 'fork', neededBy: 'another-run' });
  const orphans = [await orphan(run, 2), await orphan(run, 9)];
  const collect = { run, ended: true, keepSteps: [2] };
  const found = await findGarbage(store, collect);
  expect(found.retired).toEqual([1, 4]);
  expect(found.kept.map(({ sequence, why }) => [sequence, why])).toEqual([
    [2, 'the result names it'],
    [3, 'another-run needs it'],
    [5, 'it is the newest'],
  ]);
  expect(found.files.map(({ key }) => key)).toEqual(expect.arrayContaining(orphans));
  expect(
    found.files.filter(({ why }) => why === 'checkpoint 4 (step 4) is not the newest and not kept'),
  ).not.toHaveLength(0);

  const before = await shardKeysOf(store, run);
  const { deletedObjects } = await collectGarbage(store, collect);
  const after = await shardKeysOf(store, run);
  const gone = before.filter((key) => !after.includes(key));
  expect(gone.sort()).toEqual(found.files.map(({ key }) => key).sort());
  expect(deletedObjects).toBe(gone.length);
  for (const ref of [refs[1]!, refs[2]!, newest])
    await fetchCheckpoint(store, ref, join(folder, `after-${ref.sequence}`));
  expect((await findGarbage(store, collect)).files).toEqual([]);
});

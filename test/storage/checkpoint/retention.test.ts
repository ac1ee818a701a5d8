import { mkdtemp, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { deleteRun } from '../../../storage/checkpoint/delete-run.js';
import { listCheckpoints } from '../../../storage/checkpoint/list.js';
import { collectOrphans, deleteUncommitted } from '../../../storage/checkpoint/orphans.js';
import { listPins, pinCheckpoint, unpin } from '../../../storage/checkpoint/pins.js';
import { fetchCheckpoint, findNewestCheckpoint } from '../../../storage/checkpoint/restore.js';
import { retireCheckpoints, type Retire } from '../../../storage/checkpoint/retention.js';
import { checkpointKey, runFolder } from '../../../storage/layout.js';
import type { ObjectStore } from '../../../storage/object-store.js';
import type { CheckpointRef, RunId } from '../../../workflows/contract.js';
import { startFaultProxy, type FaultProxy } from '../../support/s3-fault-proxy.js';
import { startS3Server, type S3Server } from '../../support/s3-server.js';
import { commitChain, commitState, digestOf, freshRun, keysBelow, lineage, recordAt, shardKeysOf } from './states.js';

let server: S3Server;
let proxy: FaultProxy;
let store: ObjectStore;
let faulty: ObjectStore;
let folder: string;
let caches = 0;

beforeAll(async () => {
  server = await startS3Server();
  store = server.open();
  proxy = await startFaultProxy(server.settings.endpoint);
  faulty = server.open({ endpoint: proxy.endpoint });
  folder = await mkdtemp(join(tmpdir(), 'temper-retention-'));
});
afterEach(() => {
  proxy.fault = () => null;
});
afterAll(async () => {
  await proxy.stop();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const freshCache = () => join(folder, `cache-${caches++}`);
const chain = async (steps: readonly number[]) => {
  const run = freshRun();
  const refs = await commitChain(store, folder, run, steps);
  const newest = refs.at(-1);
  if (newest === undefined) throw new Error('no refs');
  return { run, refs, newest };
};
const retire = (newest: CheckpointRef, keep: Retire['keep'], from = store, more: Partial<Retire> = {}) =>
  retireCheckpoints(from, { run: newest.run, lineage, keep, newest, ...more });
const kinds = async (run: RunId) => (await listCheckpoints(store, run)).map(({ kind }) => kind);
const isWhole = (ref: CheckpointRef | undefined) =>
  ref === undefined ? Promise.reject(new Error('no ref')) : fetchCheckpoint(store, ref, freshCache());

test('the last n, the named steps and the pinned stay; the others’ shards go', async () => {
  const { run, refs, newest } = await chain([1, 2, 3, 4, 5, 6]);
  const [, , third] = refs;
  if (third === undefined) throw new Error('no ref');
  await pinCheckpoint(store, third, { name: 'fork-1', neededBy: 'another run' });
  const result = await retire(newest, { last: 2, steps: [1] });
  expect(result).toEqual({ retired: [2, 4], deletedObjects: 4, skipped: null });
  expect(await kinds(run)).toEqual(['living', 'retired', 'living', 'retired', 'living', 'living']);
  for (const at of [0, 2, 4, 5]) await isWhole(refs[at]);
  await expect(isWhole(refs[1])).rejects.toMatchObject({ kind: 'missing' });
  expect(await shardKeysOf(store, run)).toHaveLength(8);
});

test('a shard that a living checkpoint shares is never deleted', async () => {
  const run = freshRun();
  const refs: CheckpointRef[] = [];
  for (const step of [1, 2, 3, 4]) {
    const parent = refs.at(-1) ?? null;
    refs.push((await commitState(store, folder, { run, step, parent, shards: ['shared', `own ${step}`] })).ref);
  }
  const newest = refs[3];
  if (newest === undefined) throw new Error('no ref');
  expect(await retire(newest, { last: 1, steps: [] })).toMatchObject({ retired: [1, 2], deletedObjects: 2 });
  await isWhole(refs[2]);
  await isWhole(newest);
});

test('nothing is retired unless the newer checkpoint reads back', async () => {
  const { run, refs, newest } = await chain([1, 2, 3]);
  const record = await recordAt(store, run, 3);
  if (record.kind !== 'manifest') throw new Error(record.kind);
  await store.delete([record.shards[0]?.key ?? '']);
  const result = await retire(newest, { last: 1, steps: [] });
  expect(result).toMatchObject({
    retired: [],
    deletedObjects: 0,
    skipped: expect.stringContaining('missing') as string,
  });
  await store.put(record.shards[0]?.key ?? '', Buffer.from('shorter'));
  expect((await retire(newest, { last: 1, steps: [] })).skipped).toContain('7 bytes');
  await truncate(join(server.bucketFolder, checkpointKey(run, 3)), 20);
  expect((await retire(newest, { last: 1, steps: [] })).skipped).toContain('damaged');
  const unknown = { ...newest, stateDigest: digestOf('never committed') };
  expect((await retire(unknown, { last: 1, steps: [] })).skipped).not.toBeNull();
  await isWhole(refs[0]);
});

test('neither the parent of the newest goes nor what came after it, whatever is to be kept', async () => {
  const { run, refs } = await chain([1, 2, 3]);
  // A worker that the run has left goes on from 2: its 4 stands, and is not the run's any more if that was adjusted at 2.
  const zombie = await commitState(store, folder, { run, step: 4, parent: refs[1] ?? null });
  expect(await retire(zombie.ref, { last: 1, steps: [] })).toMatchObject({ retired: [1] });
  expect(await kinds(run)).toEqual(['retired', 'living', 'living', 'living']);
  for (const ref of refs.slice(1)) await isWhole(ref);
});

test('a retention that died between tombstones and deletion is made up for by the next', async () => {
  const { run, refs, newest } = await chain([1, 2, 3, 4]);
  proxy.fault = ({ method }) => (method === 'DELETE' ? { kind: 'refuse' } : null);
  await expect(retire(newest, { last: 1, steps: [] }, faulty)).rejects.toMatchObject({ kind: 'unreachable' });
  expect(await kinds(run)).toEqual(['retired', 'retired', 'living', 'living']);
  expect(await shardKeysOf(store, run)).toHaveLength(8);
  expect(await retire(newest, { last: 1, steps: [] })).toMatchObject({ retired: [], deletedObjects: 4 });
  expect(await shardKeysOf(store, run)).toHaveLength(4);
  for (const ref of refs.slice(2)) await isWhole(ref);
});

test('retired numbers stay taken: a zombie finds them and rewinds', async () => {
  const { run, refs, newest } = await chain([1, 2, 3, 4]);
  await retire(newest, { last: 1, steps: [] });
  const zombie = await commitState(store, folder, { run, step: 2, parent: refs[0] ?? null });
  expect(zombie).toMatchObject({ kind: 'rewind', ref: newest });
});

test('other lineages of the run are left alone', async () => {
  const run = freshRun();
  const other = await commitState(store, folder, { run, step: 1, lineage: digestOf('before the adjustment') });
  const [first, , newest] = await commitChain(store, folder, run, [2, 3, 4]);
  if (newest === undefined) throw new Error('no ref');
  expect(await retire(newest, { last: 1, steps: [] })).toMatchObject({ retired: [first?.sequence] });
  await isWhole(other.ref);
});

test('the manifest of a pinned checkpoint is not touched for a moment', async () => {
  const { run, refs, newest } = await chain([1, 2, 3, 4]);
  const [first] = refs;
  if (first === undefined) throw new Error('no ref');
  await pinCheckpoint(store, first, { name: 'fork', neededBy: 'a fork' });
  const before = proxy.seen.length;
  expect(await retire(newest, { last: 1, steps: [] }, faulty)).toMatchObject({ retired: [2] });
  const puts = proxy.seen.slice(before).filter(({ method }) => method === 'PUT');
  expect(puts.map(({ path }) => path.includes(checkpointKey(run, 2)))).toEqual([true]);
});

test('what is pinned between retention’s look and its tombstone is read for as long as the pin is there', async () => {
  const { run, refs, newest } = await chain([1, 2, 3]);
  const [first] = refs;
  if (first === undefined) throw new Error('no ref');
  let pinned = false;
  proxy.fault = async ({ method, path }) => {
    if (method === 'PUT' && path.includes('/checkpoints/') && !pinned) {
      pinned = true;
      await pinCheckpoint(store, first, { name: 'late', neededBy: 'a fork' });
    }
    return null;
  };
  expect(await retire(newest, { last: 1, steps: [] }, faulty)).toMatchObject({ retired: [1], deletedObjects: 0 });
  await isWhole(first);
  expect((await listCheckpoints(store, run))[0]).toMatchObject({ kind: 'retired', pins: ['late'] });
  expect(await collectOrphans(store, { newest })).toEqual({ deletedObjects: 0 });
  await unpin(store, run, 'late');
  expect(await retire(newest, { last: 1, steps: [] })).toMatchObject({ retired: [], deletedObjects: 2 });
  await expect(isWhole(first)).rejects.toMatchObject({ kind: 'missing' });
});

test('a retired checkpoint cannot be pinned, and an unpinned one goes', async () => {
  const { run, refs, newest } = await chain([1, 2, 3]);
  const [first] = refs;
  if (first === undefined) throw new Error('no ref');
  await pinCheckpoint(store, first, { name: 'fork', neededBy: 'a fork' });
  await retire(newest, { last: 1, steps: [] });
  await isWhole(first);
  await unpin(store, run, 'fork');
  await retire(newest, { last: 1, steps: [] });
  await expect(pinCheckpoint(store, first, { name: 'again', neededBy: 'a fork' })).rejects.toMatchObject({
    kind: 'missing',
  });
  expect(await listPins(store, run)).toEqual([]);
});

test('a pin that cannot be read stops retention: nobody knows what it protects', async () => {
  const { run, refs, newest } = await chain([1, 2]);
  await store.put(`runs/${run}/pins/odd.json`, Buffer.from('{'));
  await expect(retire(newest, { last: 1, steps: [] })).rejects.toMatchObject({ kind: 'corrupt' });
  await isWhole(refs[0]);
});

test('a damaged older manifest is quarantined; nothing that lives is deleted for it', async () => {
  const { run, refs, newest } = await chain([1, 2, 3]);
  await truncate(join(server.bucketFolder, checkpointKey(run, 1)), 50);
  expect(await retire(newest, { last: 2, steps: [] })).toMatchObject({ retired: [], skipped: null });
  expect(await kinds(run)).toEqual(['quarantined', 'living', 'living']);
  for (const ref of refs.slice(1)) await isWhole(ref);
  expect(await collectOrphans(store, { newest })).toEqual({ deletedObjects: 2 });
  for (const ref of refs.slice(1)) await isWhole(ref);
});

test('a process that remembers settled tombstones does not read them again', async () => {
  const { run, newest } = await chain([1, 2, 3, 4, 5]);
  const settled = new Map<string, string>();
  await retire(newest, { last: 1, steps: [] }, faulty, { settled });
  const before = proxy.seen.length;
  const next = await commitState(store, folder, { run, step: 6, parent: newest });
  expect(await retire(next.ref, { last: 1, steps: [] }, faulty, { settled })).toMatchObject({ retired: [4] });
  const old = proxy.seen.slice(before).filter(({ path }) => /checkpoints\/0{19}[1-3]\.json/.test(path));
  expect(old).toEqual([]);
});

test('committing, retiring and restoring at once: every reader finds a whole checkpoint', async () => {
  const { run, newest: first } = await chain([1]);
  let done = false;
  const reading = (async () => {
    let reads = 0;
    while (!done) {
      const found = await findNewestCheckpoint(store, { run, lineage, cacheFolder: freshCache() });
      expect(found).toMatchObject({ kind: 'found', damaged: [] });
      reads++;
    }
    return reads;
  })();
  let newest = first;
  for (let step = 2; step <= 15; step++) {
    const shards = ['frozen-ish', `changing ${step}`, `slow ${step >> 3}`];
    newest = (await commitState(store, folder, { run, step, parent: newest, shards })).ref;
    await Promise.all([retire(newest, { last: 1, steps: [] }), retire(newest, { last: 1, steps: [] })]);
  }
  done = true;
  expect(await reading).toBeGreaterThan(0);
  expect(await shardKeysOf(store, run)).toHaveLength(4);
  await isWhole(newest);
});

test('the list tells what lives, what it measured and what it weighs', async () => {
  const { run, newest } = await chain([0, 120, 180, 240]);
  await retire(newest, { last: 1, steps: [0] });
  const listed = await listCheckpoints(store, run);
  expect(listed).toMatchObject([
    { kind: 'living', sequence: 1, step: 0, metrics: null, parent: null, pins: [] },
    { kind: 'retired', sequence: 2, step: 120, metrics: { step: 120, loss: 1 / 120 }, parent: 1 },
    { kind: 'living', sequence: 3, step: 180, parent: 2 },
    { kind: 'living', sequence: 4, step: 240, epoch: 2, cursor: 40, parent: 3 },
  ]);
  const [, , , last] = listed;
  if (last?.kind !== 'living') throw new Error('not living');
  expect(last.bytes).toBeGreaterThan(100);
  expect(last.committedAt?.getTime()).toBeGreaterThan(0);
});

test('deleting a run deletes all of it and nothing of a run with a longer name', async () => {
  const { run } = await chain([1, 2]);
  const neighbour = `${run}-2` as RunId;
  const [other] = await commitChain(store, folder, neighbour, [1]);
  await store.put(`runs/${run}/report/evaluation.json`, Buffer.from('{}'));
  expect(await deleteRun(store, run)).toEqual({ kind: 'deleted', deletedObjects: 7 });
  expect(await keysBelow(store, runFolder(run))).toEqual([]);
  await isWhole(other);
});

test('a run that others pinned is not deleted, also when the pin comes in between', async () => {
  const { run, newest } = await chain([1, 2]);
  let pinning: Promise<void> | undefined;
  proxy.fault = async ({ method, path }) => {
    if (method === 'DELETE' && path.includes('/checkpoints/'))
      await (pinning ??= pinCheckpoint(store, newest, { name: 'late', neededBy: 'a fork' }));
    return null;
  };
  expect(await deleteRun(faulty, run)).toMatchObject({ kind: 'pinned', pins: [{ name: 'late', sequence: 2 }] });
  await isWhole(newest);
  expect(await deleteRun(store, run)).toMatchObject({ kind: 'pinned' });
  await isWhole(newest);
});

test('cleaning up after a cancelled run leaves what was committed', async () => {
  const { run, refs } = await chain([1, 2]);
  await store.put(`runs/${run}/shards/99-under-way/x.safetensors`, Buffer.from('x'));
  expect(await deleteUncommitted(store, run)).toEqual({ deletedObjects: 1 });
  for (const ref of refs) await isWhole(ref);
});

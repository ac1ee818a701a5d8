import { mkdtemp, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { commitCheckpoint } from '../../../storage/checkpoint/commit.js';
import { collectOrphans } from '../../../storage/checkpoint/orphans.js';
import { fetchCheckpoint } from '../../../storage/checkpoint/restore.js';
import { retireCheckpoints } from '../../../storage/checkpoint/retention.js';
import { Diverged } from '../../../storage/errors.js';
import { checkpointKey, condemnedKey, shardPartsOf } from '../../../storage/layout.js';
import type { CheckpointRef } from '../../../workflows/contract.js';
import type { ObjectStore } from '../../../storage/object-store.js';
import type { Waiting } from '../../../storage/until-reachable.js';
import { startFaultProxy, type FaultProxy } from '../../support/s3-fault-proxy.js';
import { startS3Server, type S3Server } from '../../support/s3-server.js';
import { commitChain, commitState, digestOf, freshRun, localShard, recordAt, shardKeysOf } from './states.js';

let server: S3Server;
let proxy: FaultProxy;
let store: ObjectStore;
let faulty: ObjectStore;
let folder: string;

beforeAll(async () => {
  server = await startS3Server();
  store = server.open();
  proxy = await startFaultProxy(server.settings.endpoint);
  faulty = server.open({ endpoint: proxy.endpoint });
  folder = await mkdtemp(join(tmpdir(), 'temper-commit-'));
});
afterEach(() => {
  proxy.fault = () => null;
  proxy.around = (_requested, send) => send();
});
afterAll(async () => {
  await proxy.stop();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const isManifestPut = ({ method, path }: { method: string; path: string }) =>
  method === 'PUT' && path.includes('/checkpoints/');
const once = () => {
  let used = false;
  return () => !used && (used = true);
};

test('a state is committed and read back from elsewhere', async () => {
  const run = freshRun();
  const { kind, ref } = await commitState(store, folder, { run, step: 120 });
  expect(kind).toBe('committed');
  expect(ref).toMatchObject({ kind: 'checkpoint', run, sequence: 1, step: 120, epoch: 1, cursor: 20 });
  const { manifest, files } = await fetchCheckpoint(store, ref, join(folder, 'elsewhere'));
  expect(manifest.parent).toBeNull();
  expect(files).toHaveLength(2);
});

test('only what changed is uploaded', async () => {
  const run = freshRun();
  const first = await commitState(store, folder, { run, step: 1, shards: ['embeddings', 'head 1'] });
  await commitState(store, folder, { run, step: 2, parent: first.ref, shards: ['embeddings', 'head 2'] });
  expect(await shardKeysOf(store, run)).toHaveLength(3);
});

test('twenty equal twins race: one commits, the others find it there', async () => {
  const run = freshRun();
  const results = await Promise.all(Array.from({ length: 20 }, () => commitState(store, folder, { run, step: 10 })));
  const kinds = results.map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === 'committed')).toHaveLength(1);
  expect(kinds.filter((kind) => kind === 'already-there')).toHaveLength(19);
  expect(new Set(results.map(({ ref }) => ref.sequence))).toEqual(new Set([1]));
});

test('a loser of the commit race adopts the winner', async () => {
  const run = freshRun();
  const race = Array.from({ length: 20 }, (_, at) =>
    commitState(store, folder, { run, step: 10, shards: [`bits of ${at}`], strict: false }),
  );
  const results = await Promise.all(race);
  const winner = results.find(({ kind }) => kind === 'committed');
  expect(results.filter(({ kind }) => kind === 'adopted')).toHaveLength(19);
  expect(results.every(({ ref }) => ref.stateDigest === winner?.ref.stateDigest && ref.sequence === 1)).toBe(true);
});

test('twenty racers at different steps leave one line that only goes forward', async () => {
  const run = freshRun();
  const steps = Array.from({ length: 20 }, (_, at) => at + 1);
  const results = await Promise.all(steps.map((step) => commitState(store, folder, { run, step })));
  const committed = results.filter(({ kind }) => kind === 'committed').map(({ ref }) => ref);
  committed.sort((a, b) => a.sequence - b.sequence);
  expect(committed.map(({ sequence }) => sequence)).toEqual(committed.map((_, at) => at + 1));
  for (const [at, { step }] of committed.entries()) expect(step).toBeGreaterThan(committed[at - 1]?.step ?? 0);
  expect(committed.at(-1)?.step).toBe(20);
  for (const [at, { kind, ref }] of results.entries()) if (kind === 'rewind') expect(ref.step).toBeGreaterThan(at + 1);
});

test('strict runs with other bits at the same step diverge, naming both', async () => {
  const run = freshRun();
  await commitState(store, folder, { run, step: 10, shards: ['these'] });
  const diverged = commitState(store, folder, { run, step: 10, shards: ['those'] });
  await expect(diverged).rejects.toBeInstanceOf(Diverged);
  await expect(diverged).rejects.toThrow(new RegExp(`${digestOf('those')}.*${digestOf('these')}`));
});

test('the answer to the manifest’s PUT is lost, and the commit is recognised as our own', async () => {
  const run = freshRun();
  const first = once();
  proxy.fault = (requested) => (isManifestPut(requested) && first() ? { kind: 'lose-answer' } : null);
  expect(await commitState(faulty, folder, { run, step: 10 })).toMatchObject({
    kind: 'committed',
    ref: { sequence: 1 },
  });
  expect((await recordAt(store, run, 1)).kind).toBe('manifest');
});

test('the answer is lost until the commit was retired: its shards are not named again, but uploaded anew', async () => {
  const run = freshRun();
  const lineage = digestOf('of an adjustment that this committer has not heard of');
  let parent: CheckpointRef | null = null;
  proxy.around = async (requested, send) => {
    const answer = await send();
    if (!isManifestPut(requested) || parent !== null) return answer;
    ({ ref: parent } = await commitState(store, folder, { run, step: 10, lineage }));
    for (const step of [20, 30]) ({ ref: parent } = await commitState(store, folder, { run, step, parent, lineage }));
    await retireCheckpoints(store, { run, lineage: 'any', keep: { last: 1, steps: [] }, newest: parent });
    throw new Error('the connection is gone');
  };
  const keys: string[][] = [];
  proxy.fault = ({ method, path }) => {
    if (method === 'PUT' && path.includes('/shards/')) keys.push(path.split('/').slice(-2));
    return null;
  };
  const { kind, ref } = await commitState(faulty, folder, { run, step: 10 });
  expect({ kind, sequence: ref.sequence }).toEqual({ kind: 'committed', sequence: 5 });
  expect(await recordAt(store, run, 1)).toMatchObject({ kind: 'tombstone' });
  expect(new Set(keys.map(([attempt]) => attempt)).size).toBe(2);
  await fetchCheckpoint(store, ref, join(folder, 'after-retired'));
});

test('every answer is lost once, and every request refused once: one commit all the same', async () => {
  for (const kind of ['lose-answer', 'refuse'] as const) {
    const run = freshRun();
    const seen = new Set<string>();
    proxy.fault = ({ method, path }) => {
      const request = `${method} ${path}`;
      if (seen.has(request)) return null;
      seen.add(request);
      return { kind };
    };
    expect(await commitState(faulty, folder, { run, step: 10 })).toMatchObject({
      kind: 'committed',
      ref: { sequence: 1 },
    });
    expect(await shardKeysOf(store, run)).toHaveLength(2);
  }
});

test('half of all requests are answered 503', async () => {
  const run = freshRun();
  let count = 0;
  proxy.fault = () => (count++ % 2 === 0 ? { kind: 'answer', status: 503, code: 'SlowDown' } : null);
  expect(await commitState(faulty, folder, { run, step: 10 })).toMatchObject({ kind: 'committed' });
});

test('a winner whose shard is gone does not count: it is quarantined and our state committed after it', async () => {
  const run = freshRun();
  const theirs = await commitState(store, folder, { run, step: 10 });
  await store.delete([(await shardKeysOf(store, run))[0] ?? '']);
  const ours = await commitState(store, folder, { run, step: 10 });
  expect(ours).toMatchObject({ kind: 'committed', ref: { sequence: 2, stateDigest: theirs.ref.stateDigest } });
  expect(await recordAt(store, run, 1)).toMatchObject({ kind: 'quarantine' });
});

test('a torn manifest in the way is quarantined', async () => {
  const run = freshRun();
  await commitState(store, folder, { run, step: 10 });
  await truncate(join(server.bucketFolder, checkpointKey(run, 1)), 100);
  expect(await commitState(store, folder, { run, step: 10 })).toMatchObject({
    kind: 'committed',
    ref: { sequence: 2 },
  });
  expect(await recordAt(store, run, 1)).toMatchObject({ kind: 'quarantine' });
});

test('a commit that reads back damaged is not reported as done', async () => {
  const run = freshRun();
  const path = join(server.bucketFolder, checkpointKey(run, 1));
  let torn = false;
  proxy.fault = async ({ method, path: requested }) => {
    const written = await stat(path).then(
      () => true,
      () => false,
    );
    if (method === 'GET' && requested.includes('/checkpoints/') && written && !torn) {
      torn = true;
      await writeFile(path, 'torn');
    }
    return null;
  };
  expect(await commitState(faulty, folder, { run, step: 10 })).toMatchObject({
    kind: 'committed',
    ref: { sequence: 2 },
  });
  expect(torn).toBe(true);
});

test('nothing of the parent is named again when the number after it was taken', async () => {
  const run = freshRun();
  const [parent] = await commitChain(store, folder, run, [1], { shards: ['same'] });
  const zombie = { run, parent: parent ?? null, shards: ['same', 'more'] };
  await commitState(store, folder, { run, step: 2, parent: parent ?? null, shards: ['same', 'two'] });
  const { ref } = await commitState(store, folder, { ...zombie, step: 3 });
  const record = await recordAt(store, run, ref.sequence);
  if (record.kind !== 'manifest') throw new Error(record.kind);
  expect(ref.sequence).toBe(3);
  const folders = record.shards.map(({ key }) => shardPartsOf(key)?.folder);
  expect(new Set(folders).size).toBe(1);
  expect(folders[0]).toContain('/3-');
});

test.each([
  ['before the collector deleted it', false],
  ['after the collector deleted it', true],
])('an uploader whose folder was condemned while it slept voids its commit, %s', async (_when, deleted) => {
  const run = freshRun();
  const [first] = await commitChain(store, folder, run, [10]);
  if (first === undefined) throw new Error('no ref');
  let slept = false;
  proxy.fault = async (requested) => {
    if (!isManifestPut(requested) || slept) return null;
    slept = true;
    for (const key of await shardKeysOf(store, run)) {
      const parts = shardPartsOf(key);
      if (parts?.step !== 20) continue;
      await store.put(condemnedKey(parts.folder), Buffer.from('{}'));
      if (deleted) await store.delete([key]);
    }
    return null;
  };
  const { kind, ref } = await commitState(faulty, folder, { run, step: 20, parent: first });
  expect({ kind, sequence: ref.sequence }).toEqual({ kind: 'committed', sequence: 3 });
  expect(await recordAt(store, run, 2)).toMatchObject({ kind: 'quarantine' });
  await fetchCheckpoint(store, ref, join(folder, `after-condemned-${deleted}`));
});

test('a state whose folder was condemned after its commit was acknowledged stays; an equal twin commits its own', async () => {
  const run = freshRun();
  const [first, theirs] = await commitChain(store, folder, run, [10, 20]);
  if (first === undefined || theirs === undefined) throw new Error('no ref');
  for (const key of await shardKeysOf(store, run)) {
    const parts = shardPartsOf(key);
    if (parts?.step === 20) await store.put(condemnedKey(parts.folder), Buffer.from('{}'));
  }
  const twin = await commitState(store, folder, { run, step: 20, parent: first });
  expect(twin).toMatchObject({ kind: 'committed', ref: { sequence: 3, stateDigest: theirs.stateDigest } });
  for (const ref of [theirs, twin.ref]) await fetchCheckpoint(store, ref, join(folder, `twin-${ref.sequence}`));
});

test('shards in a condemned folder are not named again', async () => {
  const run = freshRun();
  const [parent] = await commitChain(store, folder, run, [1], { shards: ['same'] });
  const condemned = shardPartsOf((await shardKeysOf(store, run))[0] ?? '')?.folder ?? '';
  await store.put(condemnedKey(condemned), Buffer.from('{}'));
  const { ref } = await commitState(store, folder, { run, step: 2, parent: parent ?? null, shards: ['same'] });
  expect(ref.sequence).toBe(2);
  const record = await recordAt(store, run, 2);
  expect(record.kind === 'manifest' && record.shards[0]?.key.includes('/2-')).toBe(true);
});

test('orphans go, and neither committed shards nor those of an upload that is further', async () => {
  const run = freshRun();
  const [, newest] = await commitChain(store, folder, run, [10, 20]);
  if (newest === undefined) throw new Error('no ref');
  const living = await shardKeysOf(store, run);
  const dead = `runs/${run}/shards/15-dead/x.safetensors`;
  const further = `runs/${run}/shards/30-under-way/x.safetensors`;
  for (const key of [dead, further]) await store.put(key, Buffer.from('x'));
  expect(await collectOrphans(store, { newest })).toEqual({ deletedObjects: 1 });
  expect(await shardKeysOf(store, run)).toEqual(
    [...living, `runs/${run}/shards/15-dead/condemned.json`, further].sort(),
  );
  expect(await collectOrphans(store, { newest })).toEqual({ deletedObjects: 0 });
});

test('a commit into a run that was deleted is refused', async () => {
  const run = freshRun();
  const [parent] = await commitChain(store, folder, run, [1]);
  await store.delete([checkpointKey(run, 1)]);
  const late = commitState(store, folder, { run, step: 2, parent: parent ?? null });
  await expect(late).rejects.toMatchObject({ kind: 'missing', message: expect.stringContaining('deleted') as string });
});

test('the server is killed in mid-commit and comes back: the commit ends by itself', async () => {
  const run = freshRun();
  const big = await localShard(folder, 'big', 4_000_000);
  const told: string[] = [];
  const committing = commitCheckpoint(store, {
    ...{ run, parent: null, position: { step: 1, epoch: 0, cursor: 1 }, lineage: digestOf('l'), strict: true },
    ...{ stateDigest: digestOf('s'), shards: [big], base: [], observations: [] },
    createdBy: { fingerprint: '', session: '' },
    onWaiting: ({ error }) => told.push(error.message),
  });
  await new Promise((resolve) => setTimeout(resolve, 40));
  await server.kill();
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await server.restart();
  expect(await committing).toMatchObject({ kind: 'committed' });
  expect(told.length).toBeGreaterThan(0);
});

test('a store that has a manifest for a PUT and not for a GET is waited for, and told of', async () => {
  const run = freshRun();
  let refused = 0;
  proxy.fault = (requested) =>
    isManifestPut(requested) && refused++ < 3 ? { kind: 'answer', status: 412, code: 'PreconditionFailed' } : null;
  const told: string[] = [];
  const onWaiting = ({ error }: Waiting): void => void told.push(error.message);
  const { kind, ref } = await commitState(faulty, folder, { run, step: 10, onWaiting });
  expect({ kind, sequence: ref.sequence }).toEqual({ kind: 'committed', sequence: 1 });
  expect(told).toHaveLength(3);
  expect(told[0]).toMatch(/checkpoints\/.* is there for a PUT, which must not overwrite it, and not there for a GET$/);
});

test('a signal ends the wait for a store that is away', async () => {
  proxy.fault = () => ({ kind: 'refuse' });
  const waiting = commitState(faulty, folder, { run: freshRun(), step: 1, signal: AbortSignal.timeout(300) });
  await expect(waiting).rejects.toMatchObject({ kind: 'aborted' });
});

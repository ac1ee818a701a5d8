import { mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { checkpointFormat, encodeRecord, type CheckpointRecord } from '../../../storage/checkpoint/manifest.js';
import { fetchCheckpoint, findNewestCheckpoint } from '../../../storage/checkpoint/restore.js';
import { isStoreError } from '../../../storage/errors.js';
import { checkpointKey, quarantineKey } from '../../../storage/layout.js';
import type { ObjectStore } from '../../../storage/object-store.js';
import type { CheckpointRef, RunId } from '../../../workflows/contract.js';
import { startFaultProxy, type FaultProxy } from '../../support/s3-fault-proxy.js';
import { startS3Server, type S3Server } from '../../support/s3-server.js';
import { commitChain, commitState, digestOf, freshRun, lineage, recordAt } from './states.js';

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
  folder = await mkdtemp(join(tmpdir(), 'temper-restore-'));
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
const newest = (run: RunId, cacheFolder = freshCache(), from = store) =>
  findNewestCheckpoint(from, { run, lineage, cacheFolder });
const chain = async (steps: readonly number[]) => {
  const run = freshRun();
  return { run, refs: await commitChain(store, folder, run, steps) };
};
const shardsOf = async (ref: CheckpointRef | undefined) => {
  const record = ref && (await recordAt(store, ref.run, ref.sequence));
  if (record?.kind !== 'manifest') throw new Error('no manifest');
  return record.shards;
};
/** The object as a file of the server, to damage it behind the server's back. */
const stored = (key: string) => join(server.bucketFolder, key);
const flipBit = async (path: string, at: number) => {
  const bytes = await readFile(path);
  bytes[at] = (bytes[at] ?? 0) ^ 4;
  await writeFile(path, bytes);
};

test('the newest is found, whole, and fetching it again needs no download', async () => {
  const { run, refs } = await chain([1, 2, 3]);
  const cache = freshCache();
  const found = await newest(run, cache);
  if (found.kind !== 'found') throw new Error('none');
  expect(found.ref).toEqual(refs[2]);
  expect(found.damaged).toEqual([]);
  expect(found.manifest.observations[0]).toMatchObject({ step: 3 });
  const asked = proxy.seen.length;
  const fetched = await fetchCheckpoint(faulty, found.ref, cache);
  expect(fetched.files).toEqual(found.files);
  expect(proxy.seen.slice(asked).filter(({ path }) => path.includes('.safetensors'))).toEqual([]);
});

test('a run without checkpoints has none, and one of another lineage is not ours', async () => {
  expect(await newest(freshRun())).toEqual({ kind: 'none', damaged: [] });
  const run = freshRun();
  await commitState(store, folder, { run, step: 5, lineage: digestOf('another') });
  expect(await newest(run)).toEqual({ kind: 'none', damaged: [] });
});

test('a bucket without any record is none where the run has committed: another one, or an emptied one', async () => {
  const { run, refs } = await chain([1, 2]);
  const asked = { run, lineage, cacheFolder: freshCache(), known: refs[1] };
  expect(await findNewestCheckpoint(store, asked)).toMatchObject({ kind: 'found', ref: refs[1] });
  await rename(stored(`runs/${run}`), join(folder, 'aside'));
  const failed = await findNewestCheckpoint(store, asked).catch((error: unknown) => error);
  expect(isStoreError(failed, 'missing')).toBe(true);
  expect(String(failed)).toMatch(
    /no record of checkpoint 2 \(step 2\), which this run committed: it is another bucket, or/,
  );
  await rename(join(folder, 'aside'), stored(`runs/${run}`));
  expect(await findNewestCheckpoint(store, asked)).toMatchObject({ kind: 'found', ref: refs[1] });

  // Records of others, or such as a committer voided there, are not the one that is looked for.
  const above = { ...asked, known: { sequence: 3, step: 3 }, lineage: digestOf('another') };
  expect(isStoreError(await findNewestCheckpoint(store, above).catch((error: unknown) => error), 'missing')).toBe(true);

  // Damaged records are records: the run falls back, be it to its beginning.
  for (const { sequence } of refs) await truncate(stored(checkpointKey(run, sequence)), 10);
  expect(await findNewestCheckpoint(store, asked)).toMatchObject({
    kind: 'none',
    damaged: [{ sequence: 2 }, { sequence: 1 }],
  });
});

test('only checkpoints up to a number are looked at, when asked', async () => {
  const { run, refs } = await chain([1, 2, 3]);
  const found = await findNewestCheckpoint(store, { run, lineage, upTo: 2, cacheFolder: freshCache() });
  expect(found).toMatchObject({ kind: 'found', ref: refs[1] });
});

const damages: [string, (shard: string, manifest: string) => Promise<void>][] = [
  ['a shard with a flipped bit', (shard) => flipBit(stored(shard), 60)],
  ['a torn shard', (shard) => truncate(stored(shard), 40)],
  ['an empty shard', (shard) => truncate(stored(shard), 0)],
  ['a missing shard', (shard) => store.delete([shard])],
  ['a manifest with a flipped bit', (_, manifest) => flipBit(stored(manifest), 200)],
  ['a torn manifest', (_, manifest) => truncate(stored(manifest), 300)],
  ['an empty manifest', (_, manifest) => truncate(stored(manifest), 0)],
];
test.each(damages)('%s: quarantined, and the one before restored', async (_name, damage) => {
  const { run, refs } = await chain([1, 2]);
  const [, shard] = await shardsOf(refs[1]);
  await damage(shard?.key ?? '', checkpointKey(run, 2));
  const before = (await store.get(checkpointKey(run, 2))).bytes;
  const found = await newest(run);
  expect(found).toMatchObject({ kind: 'found', ref: refs[0], damaged: [{ sequence: 2 }] });
  const record = await recordAt(store, run, 2);
  if (record.kind !== 'quarantine') throw new Error(record.kind);
  expect(record.copy).toBe(quarantineKey(run, 2, digestOf(before)));
  expect((await store.get(record.copy)).bytes).toEqual(before);
  expect(await newest(run)).toMatchObject({ kind: 'found', ref: refs[0], damaged: [] });
});

test('a shard that is whole here and gone from the store is damage: others could not restore', async () => {
  const { run, refs } = await chain([1, 2]);
  const cache = freshCache();
  await newest(run, cache);
  await store.delete([(await shardsOf(refs[1]))[0]?.key ?? '']);
  expect(await newest(run, cache)).toMatchObject({ ref: refs[0], damaged: [{ sequence: 2 }] });
});

test('swapped shards are found', async () => {
  const run = freshRun();
  const { ref } = await commitState(store, folder, { run, step: 1, shards: ['a', 'b'] });
  const [a, b] = (await shardsOf(ref)).map(({ key }) => key);
  const bytes = (await store.get(b ?? '')).bytes;
  await store.put(a ?? '', bytes);
  expect(await newest(run)).toMatchObject({ kind: 'none', damaged: [{ sequence: 1 }] });
});

test('a manifest copied to another number is found', async () => {
  const { run, refs } = await chain([1]);
  await store.put(checkpointKey(run, 2), (await store.get(checkpointKey(run, 1))).bytes);
  expect(await newest(run)).toMatchObject({ kind: 'found', ref: refs[0], damaged: [{ sequence: 2 }] });
});

test('after damage the work is done again under a new number, with the verified ancestor as parent', async () => {
  const { run, refs } = await chain([1, 2, 3]);
  const [shard] = await shardsOf(refs[2]);
  await flipBit(stored(shard?.key ?? ''), 80);
  const found = await newest(run);
  if (found.kind !== 'found') throw new Error('none');
  const redone = await commitState(store, folder, { run, step: 3, parent: found.ref });
  expect(redone).toMatchObject({ kind: 'committed', ref: { sequence: 4, step: 3 } });
  expect(await recordAt(store, run, 4)).toMatchObject({ parent: 2 });
  expect(await newest(run)).toMatchObject({ kind: 'found', ref: redone.ref });
});

test('everything damaged: none, with every reason', async () => {
  const { run } = await chain([1, 2]);
  for (const sequence of [1, 2]) await truncate(stored(checkpointKey(run, sequence)), 10);
  const found = await newest(run);
  expect(found.kind).toBe('none');
  expect(found.damaged.map(({ sequence }) => sequence)).toEqual([2, 1]);
});

test('a store that does not answer is unreachable, at whichever request, and never empty', async () => {
  const { run, refs } = await chain([1, 2]);
  const matches = ['list-type=2', '/checkpoints/0', '/shards/', '.safetensors'];
  for (const part of matches)
    for (const fault of [{ kind: 'refuse' }, { kind: 'answer', status: 500, code: 'InternalError' }] as const) {
      proxy.fault = ({ path }) => (decodeURIComponent(path).includes(part) ? fault : null);
      await expect(newest(run, freshCache(), faulty), part).rejects.toMatchObject({ kind: 'unreachable' });
    }
  proxy.fault = () => null;
  expect(await newest(run, freshCache(), faulty)).toMatchObject({ ref: refs[1], damaged: [] });
});

test('refused credentials and a vanished bucket are not an empty run either', async () => {
  const { run } = await chain([1]);
  const stranger = server.open({ credentials: { accessKeyId: 'nobody', secretAccessKey: 'nothing-of-worth' } });
  await expect(newest(run, freshCache(), stranger)).rejects.toMatchObject({ kind: 'denied' });
  const elsewhere = server.open({ bucket: 'another-bucket' });
  await expect(newest(run, freshCache(), elsewhere)).rejects.toMatchObject({ kind: 'denied' });
});

test('bits flipped on the way down do not condemn a good checkpoint', async () => {
  const { run, refs } = await chain([1]);
  for (const part of ['/checkpoints/0', '.safetensors']) {
    let flips = 0;
    proxy.fault = ({ method, path }) =>
      method === 'GET' && path.includes(part) && flips++ === 0 ? { kind: 'flip-answer' } : null;
    expect(await newest(run, freshCache(), faulty)).toMatchObject({ kind: 'found', ref: refs[0], damaged: [] });
  }
});

test('a whole manifest of another version stops the search instead of being passed over', async () => {
  const { run } = await chain([1]);
  const newer = { kind: 'manifest', format: 'temper-checkpoint/2', run, sequence: 2 } as unknown as CheckpointRecord;
  await store.putIfAbsent(checkpointKey(run, 2), encodeRecord(newer));
  await expect(newest(run)).rejects.toMatchObject({
    kind: 'corrupt',
    message: expect.stringContaining('/2') as string,
  });
  expect((await store.get(checkpointKey(run, 2))).bytes).toEqual(encodeRecord(newer));
});

test('a checkpoint retired under the reader’s hands is not damage: the newer one is found', async () => {
  const { run, refs } = await chain([1]);
  const record = await recordAt(store, run, 1);
  if (record.kind !== 'manifest') throw new Error(record.kind);
  let happened = false;
  proxy.fault = async ({ path }) => {
    if (!happened && path.includes('/checkpoints/0')) {
      happened = true;
      await commitState(store, folder, { run, step: 2, parent: refs[0] ?? null });
      const { etag } = await store.get(checkpointKey(run, 1));
      const tombstone = { kind: 'tombstone', format: checkpointFormat, run, sequence: 1, was: record } as const;
      await store.putIfMatch(checkpointKey(run, 1), encodeRecord(tombstone), etag);
      await store.delete(record.shards.map(({ key }) => key));
    }
    return null;
  };
  const found = await newest(run, freshCache(), faulty);
  expect(found).toMatchObject({ kind: 'found', ref: { sequence: 2 }, damaged: [] });
});

test('shards deleted between the manifest’s reading and theirs, by retention, are not damage', async () => {
  const { run, refs } = await chain([1]);
  const record = await recordAt(store, run, 1);
  if (record.kind !== 'manifest') throw new Error(record.kind);
  let happened = false;
  proxy.fault = async ({ path }) => {
    if (!happened && decodeURIComponent(path).includes('/shards/')) {
      happened = true;
      await commitState(store, folder, { run, step: 2, parent: refs[0] ?? null });
      const { etag } = await store.get(checkpointKey(run, 1));
      const tombstone = { kind: 'tombstone', format: checkpointFormat, run, sequence: 1, was: record } as const;
      await store.putIfMatch(checkpointKey(run, 1), encodeRecord(tombstone), etag);
      await store.delete(record.shards.map(({ key }) => key));
    }
    return null;
  };
  expect(await newest(run, freshCache(), faulty)).toMatchObject({ kind: 'found', ref: { sequence: 2 }, damaged: [] });
  expect((await recordAt(store, run, 1)).kind).toBe('tombstone');
});

test('fetching a checkpoint that does not verify is corrupt, one that is not there any more is missing', async () => {
  const { run, refs } = await chain([1, 2]);
  const [first, second] = refs;
  if (first === undefined || second === undefined) throw new Error('no refs');
  const [shard] = await shardsOf(second);
  await flipBit(stored(shard?.key ?? ''), 80);
  await expect(fetchCheckpoint(store, second, freshCache())).rejects.toMatchObject({ kind: 'corrupt' });
  expect((await recordAt(store, run, 2)).kind).toBe('manifest');
  const other = { ...first, stateDigest: digestOf('other') };
  await expect(fetchCheckpoint(store, other, freshCache())).rejects.toMatchObject({ kind: 'corrupt' });
  await expect(fetchCheckpoint(store, { ...first, sequence: 9 }, freshCache())).rejects.toMatchObject({
    kind: 'missing',
  });
});

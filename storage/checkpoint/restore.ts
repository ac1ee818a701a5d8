/**
 * Finds the state to go on from: the newest manifest of the lineage that verifies, every shard of it hashed: downloaded, or a copy
 * in `cacheFolder` of one that S3 has in its size.
 * S3 is the truth, also when it is ahead of what the workflow knows.
 *
 * What does not verify is quarantined by rule 3 and passed over for the one before. Only damage is: a store that does not
 * answer throws `unreachable`, a record of another version throws `corrupt`, and a bucket without the record of a checkpoint that
 * was committed throws `missing` where there is nothing to go on from: none of these is ever "nothing found".
 * Retention may retire what was listed before it is read; then there is something newer, so the list is taken again
 * until it stays the same.
 */
import type { CheckpointRef, KnownCheckpoint, RunId } from '../../workflows/contract.js';
import { fetchFile } from '../content.js';
import { eachOf } from '../each-of.js';
import { corrupt, isStoreError, StoreError } from '../errors.js';
import { checkpointKey, checkpointsFolder } from '../layout.js';
import type { CallOptions, ObjectStore } from '../object-store.js';
import { isOfLine, type Line } from './line.js';
import { refOf, type Manifest } from './manifest.js';
import { listRecords, quarantine, readRecord } from './records.js';
import { lookAtShards } from './shards.js';

export interface FindNewest extends CallOptions {
  readonly run: RunId;
  readonly lineage: Line;
  /** Only checkpoints up to this sequence number. */
  readonly upTo?: number | undefined;
  /** A checkpoint that was committed: a number once taken stays taken, so where its record is not we look in the wrong place. */
  readonly known?: KnownCheckpoint | undefined;
  /** Where verified shards go, by their digest; `fetchCheckpoint` and `fetchFile` find them there. */
  readonly cacheFolder: string;
}

export interface Damaged {
  readonly sequence: number;
  readonly reason: string;
}

export interface Fetched {
  readonly manifest: Manifest;
  /** Local paths in the order of `manifest.shards`. Read-only. */
  readonly files: readonly string[];
}

export type FoundNewest =
  | ({ readonly kind: 'found'; readonly ref: CheckpointRef; readonly damaged: readonly Damaged[] } & Fetched)
  | { readonly kind: 'none'; readonly damaged: readonly Damaged[] };

export async function findNewestCheckpoint(store: ObjectStore, wanted: FindNewest): Promise<FoundNewest> {
  const damaged: Damaged[] = [];
  for (let newestSeen = 0; ;) {
    const listed = await listRecords(store, wanted.run, { signal: wanted.signal });
    for (const { sequence } of listed.reverse()) {
      if (wanted.upTo !== undefined && sequence > wanted.upTo) continue;
      const newest = await examine(store, wanted, sequence, damaged);
      if (!newest) continue;
      const fetched = await furthest(store, wanted, newest, listed, damaged);
      return { kind: 'found', ref: refOf(fetched.manifest), ...fetched, damaged };
    }
    const newest = listed[0]?.sequence ?? 0;
    if (newest === newestSeen) {
      const { known } = wanted;
      if (known && !listed.some(({ sequence }) => sequence === known.sequence))
        throw nothingThere(store, wanted.run, known);
      return { kind: 'none', damaged };
    }
    newestSeen = newest;
  }
}

const nothingThere = (store: ObjectStore, run: RunId, { sequence, step }: KnownCheckpoint): StoreError =>
  new StoreError(
    'missing',
    `${store.where(checkpointsFolder(run))} has nothing to go on from, and no record of checkpoint ${sequence} (step ${step}), which this run committed: ` +
      `it is another bucket, or was emptied. Nothing begins again by itself: bring the checkpoints back`,
  );

/**
 * Between a checkpoint and its parent lies what others committed meanwhile. A worker that had not heard of an adjustment does not
 * know the states after it for its own, and may commit an earlier one after them.
 */
async function furthest(
  store: ObjectStore,
  wanted: FindNewest,
  newest: Fetched,
  listed: readonly { readonly sequence: number }[],
  damaged: Damaged[],
): Promise<Fetched> {
  const { parent, sequence: last } = newest.manifest;
  let best = newest;
  for (const { sequence } of listed) {
    if (sequence >= last || sequence <= (parent ?? 0)) continue;
    const found = await readRecord(store, wanted.run, sequence, wanted);
    if (found.kind !== 'record' || found.record.kind !== 'manifest' || found.record.step <= best.manifest.step)
      continue;
    best = (await examine(store, wanted, sequence, damaged)) ?? best;
  }
  return best;
}

async function examine(
  store: ObjectStore,
  wanted: FindNewest,
  sequence: number,
  damaged: Damaged[],
): Promise<Fetched | null> {
  const { run, lineage, cacheFolder } = wanted;
  for (;;) {
    const found = await readRecord(store, run, sequence, wanted);
    if (found.kind === 'absent') return null;
    let reason: string;
    if (found.kind === 'damaged') reason = found.reason;
    else {
      const { record } = found;
      if (record.kind !== 'manifest' || !isOfLine(lineage, record)) return null;
      const fetched = await fetchShards(store, record, cacheFolder, wanted);
      if (typeof fetched !== 'string') return { manifest: record, files: fetched };
      reason = fetched;
    }
    // Changed since it was read: a shard may be gone because retention was faster. Look again.
    if ((await quarantine(store, { run, sequence, reason }, found, wanted)) === 'changed') continue;
    damaged.push({ sequence, reason });
    return null;
  }
}

/** The verified local files, or in words what is wrong with the stored ones. */
async function fetchShards(
  store: ObjectStore,
  manifest: Manifest,
  cacheFolder: string,
  options: CallOptions,
): Promise<string[] | string> {
  // Also what is cached here must still be in the store: others restore from there.
  const { missing } = await lookAtShards(store, manifest.shards, options);
  if (missing !== null) return missing;
  try {
    return await eachOf(manifest.shards, 4, (shard) => fetchFile(store, shard, cacheFolder, options));
  } catch (error) {
    if (isStoreError(error, 'corrupt', 'missing')) return error.message;
    throw error;
  }
}

/**
 * The state that `ref` names, every shard verified. `missing` when it was retired or quarantined, `corrupt` when it does
 * not verify: then `findNewestCheckpoint` says what to go on from.
 *
 * A tombstone is read as the manifest that it keeps as long as its shards are there. One that is pinned stands between retention's
 * tombstone and the manifest coming back, for as long as whoever retired it is dead.
 */
export async function fetchCheckpoint(
  store: ObjectStore,
  ref: CheckpointRef,
  cacheFolder: string,
  options: CallOptions = {},
): Promise<Fetched> {
  const where = store.where(checkpointKey(ref.run, ref.sequence));
  const found = await readRecord(store, ref.run, ref.sequence, options);
  if (found.kind === 'absent') throw new StoreError('missing', `${where} does not exist`);
  if (found.kind === 'damaged') throw corrupt(`${where} is damaged: ${found.reason}`);
  const { record } = found;
  const gone = () => new StoreError('missing', `${where} holds no state any more: it is a ${record.kind} record`);
  if (record.kind === 'quarantine') throw gone();
  const manifest = record.kind === 'manifest' ? record : record.was;
  if (manifest.stateDigest !== ref.stateDigest || manifest.lineage !== ref.lineage)
    throw corrupt(`${where} holds the state ${manifest.stateDigest}, expected ${ref.stateDigest}`);
  const files = await fetchShards(store, manifest, cacheFolder, options);
  if (typeof files !== 'string') return { manifest, files };
  throw record.kind === 'tombstone' ? gone() : corrupt(`${where} is damaged: ${files}`);
}

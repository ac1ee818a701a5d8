/**
 * Commits a state: shards first, then the manifest at the parent's number + 1 with If-None-Match. Creating the manifest is
 * the commit; no clock, lock or lease is involved, and a committer that was stopped for an hour does no harm.
 *
 *   look at what took the numbers after the parent's   -> rule 2 (judge.ts): done, or the number to take
 *   upload the shards that the parent does not have    -> into a folder of our own
 *   PUT the manifest if the number is free             -> taken: from the top; it was ours, and is gone: new folder, from the top
 *   read manifest and shard folders back               -> condemned or damaged: void it, new folder, from the top
 *
 * Shards of the parent are named again instead of uploaded only when the number taken is the parent's + 1. Then the parent
 * was the newest of all, which retention never touches, and its later readings see our manifest. At any other number the
 * parent may be retired while we commit, so everything is uploaded.
 *
 * A PUT whose answer was lost is sent again and then meets its own manifest. The store away is waited for.
 */
import type { CheckpointRef } from '../../workflows/contract.js';
import { corrupt, isStoreError, StoreError } from '../errors.js';
import { checkpointKey } from '../layout.js';
import type { ObjectStore } from '../object-store.js';
import { untilReachable } from '../until-reachable.js';
import { manifestOf, type CommitCheckpoint } from './commit-state.js';
import { judge, type Verdict } from './judge.js';
import { encodeRecord, refOf, type CheckpointRecord, type Manifest, type Shard } from './manifest.js';
import { listRecords, quarantine, readRecord, readRecords } from './records.js';
import { lookAtShards } from './shards.js';
import { startUpload } from './upload.js';

export type { CommitCheckpoint } from './commit-state.js';
export type { LocalShard } from './shards.js';

/** In all cases `ref` is a checkpoint to go on from; only after `committed` and `already-there` it is the given state. */
export interface CommitResult {
  readonly kind: 'committed' | 'already-there' | 'adopted' | 'rewind';
  readonly ref: CheckpointRef;
}

const maxVoided = 5;

export async function commitCheckpoint(store: ObjectStore, state: CommitCheckpoint): Promise<CommitResult> {
  const first = (state.parent?.sequence ?? 0) + 1;
  const parentShards = await shardsOfParent(store, state);
  for (let voided = 0; voided <= maxVoided; voided++) {
    const upload = startUpload(store, state);
    for (;;) {
      const verdict = await lookAhead(store, state, first);
      if (verdict.kind !== 'take') return { kind: verdict.kind, ref: refOf(verdict.winner) };
      const { sequence } = verdict;
      const shards = await upload(sequence === first ? parentShards : []);
      const manifest = manifestOf(state, sequence, shards);
      const created = await create(store, state, manifest);
      if (created === 'taken') continue;
      if (created === 'gone') break;
      if (await holds(store, state, manifest)) return { kind: 'committed', ref: refOf(manifest) };
      break;
    }
  }
  throw corrupt(
    `${store.where(checkpointKey(state.run, first))}: ${maxVoided + 1} commits did not read back as written`,
  );
}

/** Also refuses to go on with a run that was deleted: its numbers must not be used again. */
async function shardsOfParent(store: ObjectStore, state: CommitCheckpoint): Promise<readonly Shard[]> {
  const { run, parent } = state;
  if (parent === null) return [];
  const found = await untilReachable(() => readRecord(store, run, parent.sequence, state), state);
  if (found.kind === 'absent')
    throw new StoreError(
      'missing',
      `${store.where(checkpointKey(run, parent.sequence))} is gone: the run was deleted while it trained, or this is another bucket`,
    );
  if (found.kind !== 'record' || found.record.kind !== 'manifest') return [];
  const { shards } = found.record;
  const { missing, condemned } = await untilReachable(() => lookAtShards(store, shards, state), state);
  return missing === null && condemned === null ? shards : [];
}

/** The verdict on what is there now. Winners are looked at before they are trusted, damaged ones quarantined. */
async function lookAhead(store: ObjectStore, state: CommitCheckpoint, first: number): Promise<Verdict> {
  const { run } = state;
  const ours = { ...state, files: state.shards.map(({ path }) => path) };
  const condemned = new Set<number>();
  for (;;) {
    const found = await untilReachable(async () => {
      const listed = await listRecords(store, run, { signal: state.signal, from: first });
      return readRecords(
        store,
        run,
        listed.map(({ sequence }) => sequence),
        state,
      );
    }, state);
    const records: CheckpointRecord[] = [];
    let changed = false;
    for (const each of found) {
      if (each.kind === 'record') records.push(each.record);
      if (each.kind !== 'damaged') continue;
      await untilReachable(() => quarantine(store, { run, ...each }, each, state), state);
      changed = true;
    }
    if (changed) continue;
    const verdict = judge(ours, first, records, condemned);
    if (verdict.kind === 'take') return verdict;

    const { winner } = verdict;
    const shards = await untilReachable(() => lookAtShards(store, winner.shards, state), state);
    const reason = shards.missing;
    if (reason === null && (shards.condemned === null || verdict.kind === 'rewind')) return verdict;
    if (reason === null) {
      condemned.add(winner.sequence);
      continue;
    }
    const stored = found.find(({ sequence }) => sequence === winner.sequence);
    if (stored?.kind === 'record')
      await untilReachable(() => quarantine(store, { run, sequence: winner.sequence, reason }, stored, state), state);
  }
}

/**
 * `ours`: the number is. `taken`: somebody else has it. `gone`: it was ours, unknown to us, and was retired or voided since; the
 * shards in our folder may have gone with it.
 */
async function create(
  store: ObjectStore,
  state: CommitCheckpoint,
  manifest: Manifest,
): Promise<'ours' | 'taken' | 'gone'> {
  const bytes = encodeRecord(manifest);
  return untilReachable(async () => {
    try {
      await store.putIfAbsent(checkpointKey(manifest.run, manifest.sequence), bytes, { signal: state.signal });
      return 'ours';
    } catch (error) {
      if (!isStoreError(error, 'precondition')) throw error;
      const found = await readRecord(store, manifest.run, manifest.sequence, { signal: state.signal });
      if (found.kind === 'absent') throw halfThere(store.where(checkpointKey(manifest.run, manifest.sequence)));
      if (found.kind !== 'record') return 'taken';
      const { record } = found;
      if (record.kind === 'manifest') return found.bytes.equals(bytes) ? 'ours' : 'taken';
      // A quarantine does not say whose it was.
      return record.kind === 'quarantine' || encodeRecord(record.was).equals(bytes) ? 'gone' : 'taken';
    }
  }, state);
}

/** A store that says both is not at rest, or is broken: waited for like one that is away, and told, not asked again at once for ever. */
const halfThere = (where: string): StoreError =>
  new StoreError('conflict', `${where} is there for a PUT, which must not overwrite it, and not there for a GET`);

/** Reads back what was committed. What does not hold is voided, so that nobody restores it. */
async function holds(store: ObjectStore, state: CommitCheckpoint, manifest: Manifest): Promise<boolean> {
  const { run, sequence } = manifest;
  const found = await untilReachable(() => readRecord(store, run, sequence, state), state);
  if (found.kind === 'absent') return false;
  const same = found.kind === 'record' && found.bytes.equals(encodeRecord(manifest));
  const shards = await untilReachable(() => lookAtShards(store, manifest.shards, state), state);
  const reason = same ? (shards.missing ?? (shards.condemned && 'its folder was condemned')) : 'it read back damaged';
  if (reason === null) return true;
  if (same || found.kind === 'damaged')
    await untilReachable(() => quarantine(store, { run, sequence, reason }, found, state), state);
  return false;
}

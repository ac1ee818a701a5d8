/**
 * Retires checkpoints that are not needed any more (rule 4). In this order:
 *
 *   1. read `newest` back: its manifest verifies and all its shards are there; otherwise nothing is retired
 *   2. replace each manifest that goes by a tombstone, by If-Match; its number stays taken
 *   3. read all records again, as they stood at one moment, *then* list the pins; delete the shards that tombstones name and no living
 *      manifest and no pinned tombstone does
 *
 * A death in between is made up for by the next call: step 3 works from all tombstones, not only from its own. The newest
 * checkpoint is never retired, so a committer that names its parent's shards (commit.ts) cannot lose them: its parent is
 * alive at the moment of step 3, or the number after the parent's was taken before. At one moment: of records listed early and read
 * late all may be tombstones, though the run has gone on and its newer manifests name the same shards.
 *
 * What was pinned between the look at the pins and the tombstone stays a tombstone, with its shards for as long as it is pinned, and is
 * read as such (restore.ts). A manifest put back could arrive after the pin was dropped and the shards had gone.
 *
 * Other lineages' manifests stay, and so do `newest`'s parent and those after it, whatever `keep` says. The parent is what the run
 * stood at when it had this state trained. The retirer may have been left since, and an adjustment may hold from the parent's step
 * on that it has not heard of: then `newest` is no state of the run any more, and the parent is the last that is; or those are that
 * others committed after it. Nothing before the parent is the last: a run is adjusted where it stands, or later.
 */
import type { CheckpointRef, RunId } from '../../workflows/contract.js';
import { checkpointKey, shardsFolder } from '../layout.js';
import type { CallOptions, ObjectStore } from '../object-store.js';
import { isOfLine, type Line } from './line.js';
import { checkpointFormat, type Tombstone } from './manifest.js';
import { listPins } from './pins.js';
import { listRecords, quarantine, readRecord, readRecords, replaceRecord, type Found } from './records.js';
import { lookAtShards } from './shards.js';

export interface Retire extends CallOptions {
  readonly run: RunId;
  /** `any`: of a run that has ended. */
  readonly lineage: Line | 'any';
  readonly keep: {
    /** The newest checkpoints that stay, `newest` among them. Of a run that goes on its parent stays as well. */
    readonly last: number;
    /** Steps whose checkpoints stay besides. */
    readonly steps: readonly number[];
  };
  /** The checkpoint just committed. */
  readonly newest: CheckpointRef;
  /** Make one for each process: it spares a long run from reading its old tombstones at every checkpoint. */
  readonly settled?: SettledTombstones | undefined;
}

/** ETags, by key, of tombstones whose shards are gone for good. */
export type SettledTombstones = Map<string, string>;

export interface Retired {
  readonly retired: readonly number[];
  readonly deletedObjects: number;
  /** Why nothing was done, in words. */
  readonly skipped: string | null;
}

export async function retireCheckpoints(store: ObjectStore, retire: Retire): Promise<Retired> {
  const { run } = retire;
  const { unsafe: skipped, parent } = await lookAtNewest(store, retire.newest, retire);
  if (skipped !== null) return { retired: [], deletedObjects: 0, skipped };

  const before = new Set((await listPins(store, run, retire)).map(({ sequence }) => sequence));
  const records = await readAll(store, run, retire, retire.settled);
  const retired: number[] = [];
  for (const found of leaving(records, retire, before, retire.lineage === 'any' ? Infinity : parent)) {
    const { sequence, record: was } = found;
    const tombstone: Tombstone = { kind: 'tombstone', format: checkpointFormat, run, sequence, was };
    if ((await replaceRecord(store, found, tombstone, retire)) === 'replaced') retired.push(sequence);
  }
  return { retired, deletedObjects: await deleteDeadShards(store, retire), skipped: null };
}

/** `unsafe`: why nothing may be deleted on the strength of this checkpoint; null when it stands. `parent`: 0 when it has none. */
export async function lookAtNewest(
  store: ObjectStore,
  newest: CheckpointRef,
  options: CallOptions,
): Promise<{ readonly unsafe: string | null; readonly parent: number }> {
  const found = await readRecord(store, newest.run, newest.sequence, options);
  const no = (what: string) => ({ unsafe: `checkpoint ${newest.sequence} ${what}`, parent: 0 });
  if (found.kind !== 'record') return no(`is ${found.kind}`);
  if (found.record.kind !== 'manifest') return no(`is a ${found.record.kind} record`);
  if (found.record.stateDigest !== newest.stateDigest) return no('holds another state');
  const { missing } = await lookAtShards(store, found.record.shards, options);
  return { unsafe: missing, parent: found.record.parent ?? 0 };
}

type FoundManifest = Extract<Found, { kind: 'record' }> & {
  readonly record: { readonly kind: 'manifest' } & Tombstone['was'];
};

const isManifest = (found: Found): found is FoundManifest =>
  found.kind === 'record' && found.record.kind === 'manifest';

function leaving(
  records: readonly Found[],
  { lineage, keep, newest }: Retire,
  pinned: ReadonlySet<number>,
  parent: number,
) {
  const ours = records.filter(isManifest).filter(({ record }) => lineage === 'any' || isOfLine(lineage, record));
  const last = new Set(ours.slice(-Math.max(keep.last, 1)).map(({ sequence }) => sequence));
  const steps = new Set(keep.steps);
  return ours.filter(
    ({ sequence, record }) =>
      sequence < newest.sequence &&
      sequence < parent &&
      !last.has(sequence) &&
      !steps.has(record.step) &&
      !pinned.has(sequence),
  );
}

/**
 * All records, ascending, as they stood at one moment: what was listed before they were read is listed again after it. A damaged
 * manifest does not say what it needs, so it is quarantined first.
 */
export async function readAll(
  store: ObjectStore,
  run: RunId,
  options: CallOptions,
  settled: SettledTombstones = new Map(),
): Promise<Found[]> {
  let listed = await listRecords(store, run, { signal: options.signal });
  for (;;) {
    const unsettled = listed.filter(({ sequence, etag }) => settled.get(checkpointKey(run, sequence)) !== etag);
    const found = await readRecords(
      store,
      run,
      unsettled.map(({ sequence }) => sequence),
      options,
    );
    for (const each of found) if (each.kind === 'damaged') await quarantine(store, { run, ...each }, each, options);
    const now = await listRecords(store, run, { signal: options.signal });
    const read = new Map(found.map((each) => [each.sequence, each.kind === 'record' ? each.etag : null]));
    const asListed = listed.every(({ sequence, etag }) => (read.has(sequence) ? read.get(sequence) === etag : true));
    const stayed = now.length === listed.length && now.every(({ etag }, i) => etag === listed[i]?.etag);
    if (asListed && stayed) return found;
    listed = now;
  }
}

async function deleteDeadShards(store: ObjectStore, { run, settled, ...options }: Retire): Promise<number> {
  // Pins after records: a pin that was granted was there before the tombstone, whoever wrote that.
  const records = await readAll(store, run, options, settled);
  const pinned = new Set((await listPins(store, run, options)).map(({ sequence }) => sequence));
  const living = new Set<string>();
  const dead = new Set<string>();
  const tombstones: { key: string; etag: string }[] = [];
  for (const { record, sequence, etag } of records.filter((found) => found.kind === 'record')) {
    if (record.kind === 'quarantine') continue;
    const shards = (record.kind === 'manifest' ? record : record.was).shards.map(({ key }) => key);
    const needed = record.kind === 'manifest' || pinned.has(sequence);
    for (const key of shards) (needed ? living : dead).add(key);
    if (!needed) tombstones.push({ key: checkpointKey(run, sequence), etag });
  }
  const doomed: string[] = [];
  for await (const { key } of store.list(shardsFolder(run), options))
    if (dead.has(key) && !living.has(key)) doomed.push(key);
  await store.delete(doomed, options);
  // What lives on in another checkpoint is deleted when that one goes, by that one's tombstone.
  for (const { key, etag } of tombstones) settled?.set(key, etag);
  return doomed.length;
}

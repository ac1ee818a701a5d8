/**
 * What of a run's checkpoints nobody needs: found without changing anything, and deleted by the rules of retention and of orphans.
 * Of a run that goes on only orphan shards; of one that has ended also the checkpoints that are not kept. Never what is pinned.
 */
import type { CheckpointRef, RunId } from '../../workflows/contract.js';
import { condemnedKey, shardPartsOf, shardsFolder } from '../layout.js';
import type { CallOptions, ObjectStore } from '../object-store.js';
import { refOf, type Manifest } from './manifest.js';
import { collectOrphans, deleteUncommitted } from './orphans.js';
import { listPins } from './pins.js';
import { listRecords, readRecords } from './records.js';
import { retireCheckpoints } from './retention.js';
import { foldersOf } from './shards.js';

export interface CollectGarbage extends CallOptions {
  readonly run: RunId;
  readonly ended: boolean;
  /** Of a run that has ended: steps whose checkpoints stay besides the newest. */
  readonly keepSteps: readonly number[];
}

export interface Garbage {
  readonly files: readonly { readonly key: string; readonly bytes: number; readonly why: string }[];
  /** Checkpoints that are retired with it. */
  readonly retired: readonly number[];
  readonly kept: readonly { readonly sequence: number; readonly step: number; readonly why: string }[];
  readonly newest: CheckpointRef | null;
}

export async function findGarbage(store: ObjectStore, collect: CollectGarbage): Promise<Garbage> {
  const { run, ended } = collect;
  const listed = await listRecords(store, run, { signal: collect.signal });
  const found = await readRecords(
    store,
    run,
    listed.map(({ sequence }) => sequence),
    collect,
  );
  const pins = await listPins(store, run, collect);
  const records = found.flatMap((each) => (each.kind === 'record' ? [each.record] : []));
  const living = records.filter((record) => record.kind === 'manifest');
  const newest = living.at(-1) ?? null;
  const whyKept = ({ sequence, step }: Manifest): string | null => {
    const pin = pins.find((each) => each.sequence === sequence);
    if (pin) return `${pin.neededBy} needs it`;
    if (sequence === newest?.sequence) return 'it is the newest';
    if (!ended) return 'the run goes on';
    return collect.keepSteps.includes(step) ? 'the result names it' : null;
  };
  const kept = living.flatMap((record) => {
    const why = whyKept(record);
    return why === null ? [] : [{ sequence: record.sequence, step: record.step, why }];
  });
  const staying = new Set(kept.map(({ sequence }) => sequence));
  const pinned = new Set(pins.map(({ sequence }) => sequence));
  const needed: Manifest[] = records.flatMap((record) => {
    if (record.kind === 'manifest') return staying.has(record.sequence) ? [record] : [];
    return record.kind === 'tombstone' && pinned.has(record.sequence) ? [record.was] : [];
  });
  const going = records.flatMap((record) => {
    if (record.kind === 'quarantine') return [];
    const manifest = record.kind === 'manifest' ? record : record.was;
    const why = record.kind === 'manifest' ? 'is not the newest and not kept' : 'was retired before';
    return needed.includes(manifest)
      ? []
      : [{ manifest, why: `checkpoint ${manifest.sequence} (step ${manifest.step}) ${why}` }];
  });

  const alive = new Set<string>(needed.flatMap(({ shards }) => shards.map(({ key }) => key)));
  const folders = new Set(needed.flatMap(foldersOf));
  const files: { key: string; bytes: number; why: string }[] = [];
  for await (const { key, bytes } of store.list(shardsFolder(run), collect)) {
    const parts = shardPartsOf(key);
    if (parts === null || key === condemnedKey(parts.folder) || alive.has(key)) continue;
    const of = going.find(({ manifest }) => manifest.shards.some((shard) => shard.key === key));
    const orphan = !folders.has(parts.folder) && (ended || (newest !== null && parts.step <= newest.step));
    const why = of && (ended || orphan) ? of.why : orphan ? 'no checkpoint names it: its upload died' : null;
    if (why !== null) files.push({ key, bytes, why });
  }
  const retired = living.filter(({ sequence }) => !staying.has(sequence)).map(({ sequence }) => sequence);
  return { files, retired, kept, newest: newest && refOf(newest) };
}

export async function collectGarbage(store: ObjectStore, collect: CollectGarbage): Promise<{ deletedObjects: number }> {
  const { run, ended, keepSteps, ...options } = collect;
  const { newest } = await findGarbage(store, collect);
  if (!ended) return newest ? collectOrphans(store, { newest, ...options }) : { deletedObjects: 0 };
  const keep = { last: 1, steps: keepSteps };
  const retired = newest
    ? await retireCheckpoints(store, { run, lineage: 'any', keep, newest, ...options })
    : { deletedObjects: 0 };
  const orphans = await deleteUncommitted(store, run, options);
  return { deletedObjects: retired.deletedObjects + orphans.deletedObjects };
}

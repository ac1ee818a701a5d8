/**
 * Deletes shard folders that no manifest names: what is left of uploads that died.
 *
 * Whether an uploader is dead or slow cannot be known, so it is made certain that it cannot commit its folder any more
 * (the fence of shards.ts): condemn the folder, list the manifests after that, delete only what none of them names. A slow
 * uploader whose folder was condemned voids its commit and uploads again.
 *
 * That costs a live uploader its work, so while a run goes on (`upToStep` = the newest committed step) only folders are
 * condemned whose uploader is bound to find its number taken and somebody at its step or further (rule 2). A committer
 * that names its parent's shards again is safe: the parent was the newest of all then, so it lives and names them too.
 */
import type { CheckpointRef, RunId } from '../../workflows/contract.js';
import { condemnedKey, shardPartsOf, shardsFolder } from '../layout.js';
import { isStoreError } from '../errors.js';
import type { CallOptions, ObjectStore } from '../object-store.js';
import { listPins } from './pins.js';
import { lookAtNewest, readAll } from './retention.js';
import { foldersOf } from './shards.js';

/** Of a run that goes on. `newest` must have been committed; nothing is done when it does not stand. */
export async function collectOrphans(
  store: ObjectStore,
  { newest, ...options }: { newest: CheckpointRef } & CallOptions,
): Promise<{ deletedObjects: number }> {
  if ((await lookAtNewest(store, newest, options)).unsafe !== null) return { deletedObjects: 0 };
  return condemnAndDelete(store, newest.run, newest.step, options);
}

/** Of a run that was cancelled: whatever its folder's step, an upload that is still under way is of no use. */
export const deleteUncommitted = (
  store: ObjectStore,
  run: RunId,
  options: CallOptions = {},
): Promise<{ deletedObjects: number }> => condemnAndDelete(store, run, Infinity, options);

async function condemnAndDelete(store: ObjectStore, run: RunId, upToStep: number, options: CallOptions) {
  const files = new Map<string, string[]>();
  for await (const { key } of store.list(shardsFolder(run), options)) {
    const parts = shardPartsOf(key);
    if (parts === null || parts.step > upToStep) continue;
    const shards = files.get(parts.folder) ?? [];
    if (key !== condemnedKey(parts.folder)) shards.push(key);
    files.set(parts.folder, shards);
  }
  const named = await namedFolders(store, run, options);
  const condemned = [...files].filter(([folder, keys]) => keys.length > 0 && !named.has(folder));
  for (const [folder] of condemned) await condemn(store, folder, options);
  if (condemned.length === 0) return { deletedObjects: 0 };

  const namedNow = await namedFolders(store, run, options);
  const doomed = condemned.flatMap(([folder, keys]) => (namedNow.has(folder) ? [] : keys));
  await store.delete(doomed, options);
  return { deletedObjects: doomed.length };
}

/** By a manifest, or by the tombstone of one that is pinned. Pins after records, as in retention. */
async function namedFolders(store: ObjectStore, run: RunId, options: CallOptions): Promise<Set<string>> {
  const records = await readAll(store, run, options);
  const pinned = new Set((await listPins(store, run, options)).map(({ sequence }) => sequence));
  const named = new Set<string>();
  for (const { record, sequence } of records.filter((found) => found.kind === 'record')) {
    const manifest = record.kind === 'manifest' ? record : record.kind === 'tombstone' ? record.was : null;
    if (manifest !== null && (record.kind === 'manifest' || pinned.has(sequence)))
      for (const folder of foldersOf(manifest)) named.add(folder);
  }
  return named;
}

async function condemn(store: ObjectStore, folder: string, options: CallOptions): Promise<void> {
  try {
    await store.putIfAbsent(condemnedKey(folder), Buffer.from('{"format":"temper-condemned/1"}\n'), options);
  } catch (error) {
    if (!isStoreError(error, 'precondition')) throw error;
  }
}

import type { RunId } from '../../workflows/contract.js';
import { isStoreError } from '../errors.js';
import { checkpointKey, checkpointsFolder, runFolder } from '../layout.js';
import type { CallOptions, ObjectStore } from '../object-store.js';
import { listPins, type Pin } from './pins.js';
import { listRecords } from './records.js';

export type DeletedRun =
  | { readonly kind: 'deleted'; readonly deletedObjects: number }
  /** Others need checkpoints of this run; nothing was deleted. */
  | { readonly kind: 'pinned'; readonly pins: readonly Pin[] };

/**
 * Deletes everything of a run, and nothing else. Manifests go first: a run deleted half-way has no checkpoint that looks
 * whole, and a fork that pins now is refused. A pin that came in between brings its manifest back and ends the deletion.
 */
export async function deleteRun(store: ObjectStore, run: RunId, options: CallOptions = {}): Promise<DeletedRun> {
  const pins = await listPins(store, run, options);
  if (pins.length > 0) return { kind: 'pinned', pins };

  const manifests = new Map<number, Buffer>();
  for (const { sequence } of await listRecords(store, run, { signal: options.signal })) {
    try {
      manifests.set(sequence, (await store.get(checkpointKey(run, sequence), options)).bytes);
    } catch (error) {
      if (!isStoreError(error, 'missing')) throw error;
    }
  }
  const first = [...manifests.keys()].map((sequence) => checkpointKey(run, sequence));
  await store.delete(first, options);
  const latePins = await listPins(store, run, options);
  for (const { sequence } of latePins) {
    const bytes = manifests.get(sequence);
    if (bytes) await store.put(checkpointKey(run, sequence), bytes, options);
  }
  if (latePins.length > 0) return { kind: 'pinned', pins: latePins };

  const rest: string[] = [];
  for await (const { key } of store.list(runFolder(run), options))
    if (!key.startsWith(checkpointsFolder(run))) rest.push(key);
  for await (const { key } of store.list(checkpointsFolder(run), options)) rest.push(key);
  await store.delete(rest, options);
  return { kind: 'deleted', deletedObjects: first.length + rest.length };
}

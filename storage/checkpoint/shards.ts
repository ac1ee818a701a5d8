/**
 * Shard folders and their fence.
 *
 * Every attempt to upload writes into a folder of its own, `<step>-<nonce>`, before its manifest names it. Whoever wants
 * to delete a folder that no manifest names cannot know whether its uploader is dead or slow. So:
 *
 * - the collector PUTs `condemned.json` into the folder, *then* lists the manifests, and deletes only if none names it;
 * - the uploader PUTs its manifest, *then* lists the folders it names, and voids its own manifest if one is condemned.
 *
 * Whatever the order, and however long either sleeps in between: the collector sees the manifest, or the uploader sees the
 * fence. Neither needs a clock. A fence stays for ever, some bytes for each upload that died: lifting one, even from a
 * folder that turned out to be committed, could let an uploader pass whom a second collector did not see.
 * A fence says nothing about a checkpoint that was acknowledged; its shards are merely not named again by the next one.
 */
import type { Sha256 } from '../../workflows/contract.js';
import { eachOf } from '../each-of.js';
import { condemnedKey, shardPartsOf } from '../layout.js';
import type { CallOptions, ObjectStore } from '../object-store.js';
import type { Manifest, Shard } from './manifest.js';

/** A safetensors file on the local disk: at most 64 MiB, or one tensor. */
export interface LocalShard {
  readonly path: string;
  readonly sha256: Sha256;
  readonly bytes: number;
  readonly tensors: number;
}

export interface ShardState {
  /** Why the shards are not all there with their sizes; null when they are. */
  readonly missing: string | null;
  /** A folder that may not be committed any more; null when there is none. */
  readonly condemned: string | null;
}

/** Existence and size by listing, without reading a shard. A listing that lacks one is checked by HEAD. */
export async function lookAtShards(
  store: ObjectStore,
  shards: readonly Shard[],
  options?: CallOptions,
): Promise<ShardState> {
  const folders = [...new Set(shards.map(({ key }) => folderOf(key)))];
  const sizes = new Map<string, number>();
  await eachOf(folders, 4, async (folder) => {
    for await (const { key, bytes } of store.list(folder, options)) sizes.set(key, bytes);
  });
  const condemned = folders.find((folder) => sizes.has(condemnedKey(folder))) ?? null;
  for (const shard of shards) {
    if (sizes.get(shard.key) === shard.bytes) continue;
    const head = await store.head(shard.key, options);
    if (head === null) return { missing: `shard ${shard.key} is missing`, condemned };
    if (head.bytes !== shard.bytes)
      return { missing: `shard ${shard.key} has ${head.bytes} bytes, expected ${shard.bytes}`, condemned };
  }
  return { missing: null, condemned };
}

const folderOf = (key: string): string => shardPartsOf(key)?.folder ?? key;

export const foldersOf = (manifest: Pick<Manifest, 'shards'>): string[] => [
  ...new Set(manifest.shards.map(({ key }) => folderOf(key))),
];

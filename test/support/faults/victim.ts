/** A checkpoint to be damaged, with a sound one before it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isStoreError } from '../../../storage/errors.js';
import { fetchCheckpoint, findNewestCheckpoint } from '../../../storage/checkpoint/restore.js';
import { checkpointKey } from '../../../storage/layout.js';
import type { CheckpointRef } from '../../../workflows/contract.js';
import { commitChain, freshRun, lineage, recordAt } from '../../storage/checkpoint/states.js';
import { startS3Server } from '../s3-server.js';

export type Victim = Awaited<ReturnType<typeof victim>>;

/** Two checkpoints of two shards each, the newer one to be damaged. */
export async function victim() {
  const server = await startS3Server();
  const store = server.open();
  const folder = await mkdtemp(join(tmpdir(), 'temper-damage-'));
  const run = freshRun();
  const refs = await commitChain(store, folder, run, [1, 2], { floats: 4_000 });
  const [older, newer] = refs as [CheckpointRef, CheckpointRef];
  const manifestKey = checkpointKey(run, newer.sequence);
  const record = await recordAt(store, run, newer.sequence);
  if (record.kind !== 'manifest') throw new Error('no manifest');
  const olderKey = checkpointKey(run, older.sequence);
  const keys = { manifest: manifestKey, shards: record.shards.map(({ key }) => key), older: olderKey };
  const good = new Map<string, Buffer>();
  for (const key of [keys.manifest, keys.older, ...keys.shards]) good.set(key, (await store.get(key)).bytes);
  const onDisk = (key: string) => join(server.bucketFolder, key);
  let caches = 0;
  /** Into an empty folder: a copy that is there would be used. */
  const cache = () => join(folder, `cache-${caches++}`);

  return {
    keys,
    good,
    /** `bytes`: what stands there instead, put behind the server's back; null: nothing. */
    damage: async (key: string, bytes: Buffer | null) =>
      bytes === null ? rm(onDisk(key)) : writeFile(onDisk(key), bytes),
    mend: async () => {
      for (const [key, bytes] of good) await store.put(key, bytes);
    },
    /** Empty when the damage is found before a byte is handed out. */
    isRefused: async (): Promise<string[]> => {
      try {
        await fetchCheckpoint(store, newer, cache());
        return ['the damaged checkpoint was loaded'];
      } catch (error) {
        return isStoreError(error, 'corrupt', 'missing') ? [] : [String(error)];
      }
    },
    /** Empty when the checkpoint before is found, whole, and the damage is reported. */
    fallsBack: async (): Promise<string[]> => {
      const found = await findNewestCheckpoint(store, { run, lineage, cacheFolder: cache() });
      if (found.kind !== 'found' || found.ref.sequence !== older.sequence)
        return ['the checkpoint before was not found'];
      if (found.ref.stateDigest !== older.stateDigest) return ['the checkpoint before has another state'];
      const reported = found.damaged.some(({ sequence }) => sequence === newer.sequence);
      return reported ? [] : ['the damage was not reported'];
    },
    close: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

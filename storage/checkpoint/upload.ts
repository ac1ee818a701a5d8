import { randomBytes } from 'node:crypto';
import type { Sha256 } from '../../workflows/contract.js';
import { eachOf } from '../each-of.js';
import { shardFolder, shardKey } from '../layout.js';
import type { ObjectStore } from '../object-store.js';
import { untilReachable } from '../until-reachable.js';
import type { CommitCheckpoint } from './commit-state.js';
import type { Shard } from './manifest.js';

/** Each is held in memory whole, or in parts where it is larger than 64 MiB. */
const shardsAtOnce = 2;

const chance = () => randomBytes(8).toString('hex');

/** Gives a function that makes sure that all shards are in the store: in `reusable`, or in this attempt's own folder. */
export function startUpload(store: ObjectStore, state: CommitCheckpoint) {
  const folder = shardFolder(state.run, state.position.step, (state.nonce ?? chance)());
  const uploaded = new Set<Sha256>();
  return (reusable: readonly Shard[]): Promise<Shard[]> =>
    eachOf(state.shards, shardsAtOnce, async ({ path, sha256, bytes, tensors }): Promise<Shard> => {
      const there = reusable.find((shard) => shard.sha256 === sha256 && shard.bytes === bytes);
      if (there && !uploaded.has(sha256)) return { ...there, tensors };
      const key = shardKey(folder, sha256);
      if (!uploaded.has(sha256))
        await untilReachable(() => store.putFile(key, path, { sha256 }, { signal: state.signal }), state);
      uploaded.add(sha256);
      return { key, sha256, bytes, tensors };
    });
}

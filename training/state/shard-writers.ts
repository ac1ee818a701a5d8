import { compiledScript, threadOf } from '../threads/thread.js';
import { writeShard, type ShardToWrite, type WrittenShard } from './write-shard.js';

/** Takes the buffers of the shard: its caller has them no longer. */
export type ShardWriter = (shard: ShardToWrite) => Promise<WrittenShard>;

/** Each holds a shard in memory while it writes it. */
const THREADS = 2;
/** Below it, starting threads takes longer than writing. */
const WORTH_A_THREAD_BYTES = 8 * 2 ** 20;

const writers = Array.from({ length: THREADS }, (): ShardWriter => {
  const thread = threadOf<ShardToWrite, WrittenShard>(compiledScript('state/thread.js'), { does: 'writes shards' });
  return (shard) =>
    thread.ask(
      shard,
      shard.tensors.map(({ bytes }) => bytes.buffer),
    );
});

/** What writes the shards of a state at the same time: threads; of a small state, the caller's own. */
export const shardWriters = (stateBytes: number): readonly ShardWriter[] =>
  stateBytes < WORTH_A_THREAD_BYTES ? [writeShard] : writers;

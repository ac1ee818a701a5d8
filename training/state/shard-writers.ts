import { compiledScript, threadOf } from '../threads/thread.js';
import type { WriterInput } from './thread.js';
import { writeShard, type ShardToWrite, type WrittenShard } from './write-shard.js';

/** Takes the buffers of the shard, the `i`th of its state: its caller has them no longer. */
export type ShardWriter = (i: number, shard: ShardToWrite) => Promise<WrittenShard>;

const THREADS = 2;
/** Below it, starting threads takes longer than writing. */
const WORTH_A_THREAD_BYTES = 8 * 2 ** 20;

/** Threads that take turns. */
function inThreads(input: WriterInput): ShardWriter {
  const threads = Array.from({ length: THREADS }, () =>
    threadOf<ShardToWrite, WrittenShard>(compiledScript('state/thread.js'), { does: 'writes shards', input }),
  );
  return (i, shard) =>
    threads[i % THREADS]!.ask(
      shard,
      shard.tensors.map(({ bytes }) => bytes.buffer),
    );
}

/** While training goes on, which comes first. */
export const writeMeanwhile = inThreads({ yields: true });
/** While training waits for it. Others than those: whoever has given up priority does not get it back. */
const writeAtOnce = inThreads({ yields: false });

/** What writes the shards of a state fastest: threads, or of a small state the caller's own. */
export const shardWriter = (stateBytes: number): ShardWriter =>
  stateBytes < WORTH_A_THREAD_BYTES ? (_, shard) => writeShard(shard) : writeAtOnce;

/** A thread that writes and hashes shards while the engine's own reads the next one from TensorFlow, or trains on. */
import { workerData } from 'node:worker_threads';
import { answerAll } from '../threads/answer.js';
import { freeAtOnce } from '../threads/free.js';
import { yieldToTraining } from '../threads/yield-to-training.js';
import { writeShard, type ShardToWrite, type WrittenShard } from './write-shard.js';

export interface WriterInput {
  /** Whether training goes on meanwhile, and before it. */
  readonly yields: boolean;
}

if ((workerData as WriterInput).yields) yieldToTraining();
answerAll(async (shard: ShardToWrite): Promise<WrittenShard> => {
  try {
    return await writeShard(shard);
  } finally {
    freeAtOnce(shard.tensors.map(({ bytes }) => bytes.buffer));
  }
});

/** A thread that writes and hashes shards while the engine's own reads the next one from TensorFlow, or trains on. */
import { workerData } from 'node:worker_threads';
import { answerAll } from '../threads/answer.js';
import { yieldToTraining } from '../threads/yield-to-training.js';
import { writeShard, type ShardToWrite } from './write-shard.js';

export interface WriterInput {
  /** Whether training goes on meanwhile, and before it. */
  readonly yields: boolean;
}

if ((workerData as WriterInput).yields) yieldToTraining();
// What was written goes back to the engine's thread, which frees it soon: this one would keep it until the next save.
answerAll(writeShard, (_, { tensors }: ShardToWrite) => tensors.map(({ bytes }) => bytes.buffer));

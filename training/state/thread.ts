/** A thread that writes and hashes shards while the engine's own reads the next one from TensorFlow, or trains on. */
import { yieldToTraining } from '../threads/yield-to-training.js';
import { answerAll } from '../threads/answer.js';
import { writeShard, type ShardToWrite } from './write-shard.js';

yieldToTraining();
// What was written goes back to the engine's thread, which frees it soon: this one would keep it until the next save.
answerAll(writeShard, (_, { tensors }: ShardToWrite) => tensors.map(({ bytes }) => bytes.buffer));

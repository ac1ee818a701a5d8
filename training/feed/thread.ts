/**
 * The thread that gathers batches: reads their rows from the shards, pads, scales and changes them, while the engine's own thread
 * is inside TensorFlow. It must never load libtensorflow, which a second thread of a process cannot.
 */
import { workerData } from 'node:worker_threads';
import type { Gathered } from '../examples/examples.js';
import { withFeatures } from '../examples/kept-features.js';
import { examplesOf } from '../examples/stored-examples.js';
import { answerAll } from '../threads/answer.js';
import { gatherBatch } from './gather-batch.js';
import type { BatchToGather, ThreadInput } from './messages.js';

const { source, features } = workerData as ThreadInput;
const stored = examplesOf(source);
const examples = features === null ? stored : withFeatures(stored, features);

const buffersOf = ({ feeds }: Gathered): ArrayBuffer[] => [
  ...new Set(Object.values(feeds).map(({ buffer }) => buffer as ArrayBuffer)),
];

answerAll(({ batch, rows, at }: BatchToGather) => gatherBatch(examples, batch, rows, at), buffersOf);

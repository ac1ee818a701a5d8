/**
 * The thread that gathers batches: reads their rows from the shards, pads, scales and changes them, while the engine's own thread
 * is inside TensorFlow. It must never load libtensorflow, which a second thread of a process cannot.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { withFeatures } from '../examples/kept-features.js';
import { examplesOf } from '../examples/stored-examples.js';
import { gatherBatch } from './gather-batch.js';
import type { FromThread, ThreadInput, ToThread } from './messages.js';

const { source, features } = workerData as ThreadInput;
const stored = examplesOf(source);
const examples = features === null ? stored : withFeatures(stored, features);

parentPort!.on('message', ({ id, batch, rows, at }: ToThread) => {
  try {
    const gathered = gatherBatch(examples, batch, rows, at);
    const buffers = new Set(Object.values(gathered.feeds).map(({ buffer }) => buffer as ArrayBuffer));
    parentPort!.postMessage({ id, gathered } satisfies FromThread, [...buffers]);
  } catch (error) {
    const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
    parentPort!.postMessage({ id, error: said } satisfies FromThread);
  }
});

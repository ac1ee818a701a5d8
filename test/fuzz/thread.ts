/** Reads damaged samples, one a message: a thread of its own, so that a hang or a full heap is seen from outside. */
import { parentPort } from 'node:worker_threads';
import { readDamaged, samples } from './read-damaged.js';

const all = await samples();
parentPort!.postMessage('ready');
parentPort!.on('message', ({ sample, seed }: { sample: number; seed: number }) => {
  readDamaged(all[sample]!, seed).then(
    (outcome) => parentPort!.postMessage({ outcome }),
    (error: Error) => parentPort!.postMessage({ error: error.stack ?? String(error) }),
  );
});

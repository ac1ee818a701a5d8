/** Reads damaged samples, one a message: a process of its own, so that a hang, a full heap and an abort are seen from outside. */
import { readDamaged, samples } from './read-damaged.js';

const all = await samples();
process.send!('ready');
process.on('message', ({ sample, seed }: { sample: number; seed: number }) => {
  void readDamaged(all[sample]!, seed)
    .then(
      (outcome) => ({ outcome }),
      (error: Error) => ({ error: error.stack ?? String(error) }),
    )
    // A rejection that nobody awaits ends this process in the turn after: it belongs to this seed, not to the next.
    .then((answer) => setImmediate(() => process.send!({ ...answer, rss: process.memoryUsage.rss() })));
});

import type { Examples } from '../../training/examples/examples.js';
import type { Trainer } from '../../training/trainer.js';
import { serve, timed } from '../serve.js';

/** Answers each request with the ms of `times` training steps, each on the next batch of the examples, round and round. */
export function serveSteps(trainer: Trainer, examples: Examples, times: number): Promise<void> {
  const { batchSize } = trainer.spec.settings;
  let step = 0;
  return serve(() =>
    timed(times, () => {
      const first = (step * batchSize) % examples.count;
      const batch = Int32Array.from({ length: batchSize }, (_, i) => first + i);
      const { loss } = trainer.trainStep(examples, [batch], { epoch: 0, step: ++step, seed: 7, learningRate: 5e-5 });
      if (!Number.isFinite(loss)) throw new Error(`step ${step}: the loss is ${loss}`);
    }),
  );
}

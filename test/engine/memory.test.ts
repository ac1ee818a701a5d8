import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createHandlers } from '../../engine/host/handlers.js';
import { Workbench } from '../../engine/host/workbench.js';
import { tf } from '../../training/tensorflow.js';
import { collectGarbage } from '../support/collect-garbage.js';
import { tinyJob, tinyLoad } from '../support/tiny-run.js';

const STEPS = 10_000;
const MEBIBYTE = 2 ** 20;

test('memory stays flat over 10,000 steps of a small model: at most 1 % more after step 500', async () => {
  const epochs = Math.ceil(STEPS / 12);
  const base = tinyJob();
  const job = { ...base, train: { ...base.train, epochs } };
  const { request, folder } = await tinyLoad(job);
  let step = 0;
  const handlers = createHandlers(new Workbench(() => undefined));
  await handlers.load(request);
  const initial = await handlers.initialize({
    job,
    modelFolder: request.modelFolder,
    dataset: request.dataset,
    folder: join(folder, 'initial'),
  });
  await handlers.restore({ shards: initial.shards.map(({ path }) => path), position: initial.position });

  const trainTo = async (until: number) => {
    while (step < until) {
      const { state } = await handlers.train({
        until: { step: until, minutes: null },
        observations: [],
        folder: join(folder, 'state'),
      });
      step = state.position.step;
    }
    // Buffers that the collector has not come to are up to 64 MB of it, more or less by the moment. V8's own heap is grown and
    // shrunk in steps larger than what is looked for here: it has a limit of its own.
    await collectGarbage();
    const { rss, heapTotal } = process.memoryUsage();
    return { native: rss - heapTotal, heapTotal, tensors: tf.memory().numTensors };
  };
  const early = await trainTo(500);
  const late = await trainTo(STEPS);
  expect(late.tensors).toBe(early.tensors);
  expect(late.native / MEBIBYTE).toBeLessThanOrEqual((early.native / MEBIBYTE) * 1.01);
  expect(late.heapTotal / MEBIBYTE).toBeLessThanOrEqual(early.heapTotal / MEBIBYTE + 64);
}, 900_000);

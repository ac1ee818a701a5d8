import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createHandlers } from '../../engine/host/handlers.js';
import { Workbench } from '../../engine/host/workbench.js';
import type { StateOnDisk } from '../../engine/protocol.js';
import { tinyJob, tinyLoad } from '../support/tiny-run.js';

/** An engine without its process: the same handlers on a bench of their own. */
async function openBench(job = tinyJob()) {
  const { request, folder, stepsPerEpoch } = await tinyLoad(job);
  const handlers = createHandlers(new Workbench(() => undefined));
  await handlers.load(request);
  let snapshots = 0;
  const restore = ({ shards, position }: StateOnDisk) =>
    handlers.restore({ shards: shards.map(({ path }) => path), position });
  return {
    handlers,
    restore,
    stepsPerEpoch,
    initialize: () =>
      handlers.initialize({
        job,
        modelFolder: request.modelFolder,
        dataset: request.dataset,
        folder: join(folder, 'initial'),
      }),
    /** Trains until `step`, over the ends of epochs, and returns the state there. */
    async trainTo(step: number): Promise<StateOnDisk> {
      for (;;) {
        const { state } = await handlers.train({
          until: { step, minutes: null },
          observations: [],
          folder: join(folder, `at-${++snapshots}`),
        });
        if (state.position.step >= step) return state;
      }
    },
  };
}

const jobs = [
  { name: 'everything trains', job: tinyJob() },
  { name: 'a part is frozen', job: tinyJob('freeze: { train: [head, "encoder.layer.1"] }') },
];

test.each(jobs)(
  'a run cut at every step ends in the same state, bit for bit ($name)',
  async ({ job }) => {
    const bench = await openBench(job);
    const last = 2 * bench.stepsPerEpoch;
    const initial = await bench.initialize();
    await bench.restore(initial);
    const uninterrupted = await bench.trainTo(last);

    for (let cut = 1; cut < last; cut++) {
      await bench.restore(initial);
      const saved = await bench.trainTo(cut);
      expect(saved.position.step).toBe(cut);
      await bench.trainTo(last); // what the variables hold now must not matter
      await bench.restore(saved);
      const resumed = await bench.trainTo(last);
      expect(resumed.stateDigest, `cut at step ${cut}`).toBe(uninterrupted.stateDigest);
    }
  },
  120_000,
);

test('weights without the optimizer state do not resume the run: the test above can fail', async () => {
  const bench = await openBench();
  const initial = await bench.initialize();
  await bench.restore(initial);
  const middle = await bench.trainTo(5);
  const uninterrupted = await bench.trainTo(10);
  const { readSafetensorsHeader, readTensors, writeSafetensors } = await import('../../models/safetensors.js');
  const weights = [];
  for (const { path } of middle.shards) {
    for await (const { name, shape, values } of readTensors(await readSafetensorsHeader(path))) {
      if (!name.startsWith('adamw.'))
        weights.push({ name, shape, dtype: 'F32' as const, bytes: new Uint8Array(values.buffer) });
    }
  }
  const path = `${middle.shards[0]!.path}.weights-only`;
  await writeSafetensors(path, weights);
  await bench.handlers.restore({ shards: [path], position: middle.position });
  expect((await bench.trainTo(10)).stateDigest).not.toBe(uninterrupted.stateDigest);
}, 120_000);

test('another seed gives another state', async () => {
  const digests = new Set<string>();
  for (const seed of [7, 8]) {
    const bench = await openBench(tinyJob(`seed: ${seed}`));
    await bench.restore(await bench.initialize());
    digests.add((await bench.trainTo(3)).stateDigest);
  }
  expect(digests.size).toBe(2);
}, 120_000);

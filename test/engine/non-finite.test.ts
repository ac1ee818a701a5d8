import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createHandlers } from '../../engine/host/handlers.js';
import { Workbench } from '../../engine/host/workbench.js';
import { tinyJob, tinyLoad } from '../support/tiny-run.js';

test('a step that is not finite leaves the state before it, which meets it again', async () => {
  const wild = { optimizer: 'sgd' as const, learningRate: 1, momentum: 0.99, warmupSteps: 0, clipNorm: null };
  const base = tinyJob();
  const job = { ...base, train: { ...base.train, ...wild, epochs: 50 } };
  const { request, folder } = await tinyLoad(job);
  const handlers = createHandlers(new Workbench(() => undefined));
  await handlers.load(request);
  const { modelFolder, dataset } = request;
  const initial = await handlers.initialize({ job, modelFolder, dataset, folder: join(folder, 'initial') });
  await handlers.restore({ shards: initial.shards.map(({ path }) => path), position: initial.position });

  const train = (name: string) =>
    handlers.train({ until: { step: 10_000, minutes: null }, observations: [], folder: join(folder, name) });
  let reached = await train('0');
  for (let i = 1; reached.reason === 'reached'; i++) reached = await train(String(i));

  const { state, reason } = reached;
  expect(reason).toBe('interrupted');
  const { step } = state.position;
  expect(step).toBeGreaterThan(0);
  const sentence = new RegExp(`^step ${step + 1} \\(epoch \\d+\\): the (loss|gradient norm) is (NaN|Inf)`);
  await expect(train('again')).rejects.toThrow(sentence);
  for (const name of ['restored', 'restored again']) {
    await handlers.restore({ shards: state.shards.map(({ path }) => path), position: state.position });
    await expect(train(name)).rejects.toThrow(sentence);
  }
}, 120_000);

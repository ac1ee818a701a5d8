import { describe, expect, test } from 'vitest';
import { featureReuse } from '../../models/feature-reuse.js';
import { inspectModelFolder } from '../../models/folder.js';
import { layoutFor } from '../../models/job-fit.js';
import { parseJob } from '../../job/parse.js';
import { TINY_BERT } from '../support/tiny-run.js';

async function reuse(keys: string, train = 'dropout: 0', pretrained = true, data = '') {
  const written = parseJob(
    `{ name: test, task: text-classification, model: "file:${TINY_BERT}", data: { source: x.csv${data} }, train: { ${train} }, ${keys} }`,
    'job.yaml',
  );
  const job = { ...written, pretrained };
  const model = await inspectModelFolder(TINY_BERT, job);
  return featureReuse(job, model.family, layoutFor(job, model, 3));
}

test('the outputs of a base of which nothing trains and nothing is random are kept', async () => {
  expect((await reuse('freeze: all')).reuse).toBe(true);
});

describe('they are not kept', () => {
  test.each([
    ['where a part of the base trains', 'freeze: { train: [head, "encoder.layer.1"] }', /a part of the base trains/],
    ['where adapters do', 'lora: {}', /adapters/],
    ['where the job says so', 'freeze: all, reuseFeatures: off', /off/],
  ])('%s', async (_, keys, because) => {
    const found = await reuse(keys);
    expect(found.reuse).toBe(false);
    expect(found.because).toMatch(because);
  });

  test('where the base begins from random weights: they would be in checkpoints of a run whose graph has no base', async () => {
    expect((await reuse('freeze: all', 'dropout: 0', false)).because).toMatch(/random weights/);
  });

  test('where every epoch has other examples', async () => {
    const found = await reuse('freeze: all', 'dropout: 0', true, ', augment: { masking: {} }');
    expect(found.because).toMatch(/data\.augment shows the base other examples/);
    expect((await reuse('freeze: all', 'dropout: 0', true, ', augment: {}')).reuse).toBe(true);
  });

  test('where dropout makes them random', async () => {
    expect((await reuse('freeze: all', 'dropout: 0.1')).because).toMatch(/dropout 0\.1/);
  });
});

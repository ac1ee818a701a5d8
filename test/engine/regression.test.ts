import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileSource } from '../../data/byte-source.js';
import type { DatasetManifest } from '../../data/manifest.js';
import { prepareDataset } from '../../data/prepare.js';
import { createHandlers } from '../../engine/host/handlers.js';
import { Workbench } from '../../engine/host/workbench.js';
import type { PredictInput, StateOnDisk } from '../../engine/protocol.js';
import { parseJob } from '../../job/parse.js';
import type { Job } from '../../job/schema.js';
import { mlpConfigJson } from '../../models/families/mlp.js';
import { moduleConfigJson } from '../../models/families/module-family.js';
import { seededRandom } from '../support/random.js';

/** income = 5000 + 1500 size - 800 age + 600 in the city, and noise of 100: r2 of what can be known is 0.997. */
function rows(count: number): { size: number; age: number; place: string; income: number }[] {
  const random = seededRandom(5);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Array.from({ length: count }, () => {
    const [size, age, inCity] = [normal(), normal(), random() < 0.5];
    const income = 5000 + 1500 * size - 800 * age + (inCity ? 600 : 0) + 100 * normal();
    return { size, age, place: inCity ? 'city' : 'village', income };
  });
}

let folder: string;
const data = rows(800);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'temper-regression-'));
  const lines = data.map(({ size, age, place, income }) => `${size},${age},${place},${income}`);
  await writeFile(join(folder, 'incomes.csv'), `size,age,place,income\n${lines.join('\n')}\n`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const jobOf = (train: object, more: object = {}): Job =>
  parseJob(
    stringify({
      ...{ name: 'incomes', task: 'tabular-regression', model: 'mlp', mlp: { hidden: [32, 16] } },
      data: { source: 'incomes.csv', label: 'income' },
      train: { epochs: 10, batchSize: 32, learningRate: 1e-2, warmupSteps: 10, dropout: 0, ...train },
      selectBest: 'validation.rmse',
      ...more,
    }),
    'incomes.yaml',
  );

let benches = 0;
async function open(written: Job, modelFolder?: string, pretrained = modelFolder !== undefined) {
  const job = { ...written, pretrained };
  const own = join(folder, `bench-${++benches}`);
  await mkdir(own);
  await writeFile(join(own, 'config.json'), JSON.stringify(mlpConfigJson(job)));
  const dataset = await prepareDataset({
    source: await fileSource(join(folder, 'incomes.csv')),
    ...{ job, outFolder: join(own, 'data') },
  });
  const shards = { train: [] as string[], validation: [] as string[], test: [] as string[] };
  for (const { name, split } of dataset.files) shards[split].push(join(own, 'data', name));
  const handlers = createHandlers(new Workbench(() => undefined, true));
  const model = { job, modelFolder: modelFolder ?? own, dataset };
  const initial = await handlers.initialize({ ...model, folder: join(own, 'initial') });
  const restore = ({ shards, position }: StateOnDisk) =>
    handlers.restore({ shards: shards.map(({ path }) => path), position });
  await handlers.load({ key: own, ...model, shards, features: null, train: true });
  await restore(initial);
  return {
    ...{ handlers, dataset, restore, initial },
    async trainTo(step: number): Promise<StateOnDisk> {
      for (let n = 0; ; n++) {
        const to = join(own, `${step}-${n}-${++benches}`);
        const { state } = await handlers.train({ until: { step, minutes: null }, observations: [], folder: to });
        if (state.position.step >= step) return state;
      }
    },
    async publish(): Promise<string> {
      const to = join(own, `published-${++benches}`);
      await mkdir(to);
      await handlers.exportModel({ folder: to });
      return to;
    },
  };
}

const generation = { maxNewTokens: 1, temperature: 0, topK: 1, topP: 1, repetitionPenalty: 1, seed: 1 };
const inputs: PredictInput[] = data.slice(0, 50).map(({ income: _, ...cells }) => ({ kind: 'row', cells }));

/** What `temper predict` gets of a published folder. */
async function predicted(job: Job, modelFolder: string, dataset: DatasetManifest): Promise<number[]> {
  const handlers = createHandlers(new Workbench(() => undefined, true));
  const shards = { train: [], validation: [], test: [] };
  const load = { key: modelFolder, job: { ...job, pretrained: true }, modelFolder, dataset, shards };
  await handlers.load({ ...load, features: null, train: false });
  await handlers.restore({ shards: [], position: { step: 0, epoch: 0, cursor: 0 } });
  const said = await handlers.predict({ inputs, generation } as never);
  return said.map((prediction) => (prediction.kind === 'value' ? prediction.value : NaN));
}

describe('a number to predict is learnt as a standard score', () => {
  const epoch = 640 / 32;

  it.each(['mse', 'mae', 'huber'])('an income of thousands is learnt within seconds (%s)', async (loss) => {
    const bench = await open(jobOf({ loss }));
    const before = (await bench.handlers.evaluate({ split: 'validation' })).metrics;
    // Nothing is learnt yet, and the head begins near the mean: not near 0, which is 5,300 away.
    expect(before['rmse']).toBeLessThan(3500);
    await bench.trainTo(10 * epoch);
    const { metrics } = await bench.handlers.evaluate({ split: 'validation' });
    expect(metrics['r2']).toBeGreaterThan(0.98);
    expect(metrics['rmse']).toBeGreaterThan(80); // in the column's units: the noise alone is 100
    expect(metrics['rmse']).toBeLessThan(250);
    expect(metrics['mae']).toBeLessThan(metrics['rmse']!);
    expect(metrics.loss).toBeLessThan(0.2); // in deviations
  });

  it('the published model gives the values themselves, and is not scaled again', async () => {
    const job = jobOf({ ema: 0.9 });
    const bench = await open(job);
    await bench.trainTo(5 * epoch);
    const live = await bench.handlers.predict({ inputs, generation } as never);
    const published = await predicted(job, await bench.publish(), bench.dataset);
    published.forEach((value, i) => {
      const said = live[i]!;
      if (said.kind !== 'value') throw new Error(said.kind);
      expect(Math.abs(value - said.value)).toBeLessThan(0.01); // float32 of thousands
      expect(Math.abs(value - data[i]!.income)).toBeLessThan(1000);
    });
  });

  it('training goes on from a published model, whose head gives values already', async () => {
    const job = jobOf({});
    const first = await open(job);
    await first.trainTo(10 * epoch);
    const reached = (await first.handlers.evaluate({ split: 'validation' })).metrics;
    const second = await open(job, await first.publish());
    const begun = (await second.handlers.evaluate({ split: 'validation' })).metrics;
    expect(Math.abs(begun['rmse']! - reached['rmse']!)).toBeLessThan(0.01);
    await second.trainTo(5);
    expect((await second.handlers.evaluate({ split: 'validation' })).metrics['r2']).toBeGreaterThan(0.9);
    const again = await predicted(job, await second.publish(), second.dataset);
    expect(Math.abs(again[0]! - data[0]!.income)).toBeLessThan(1000);
  });

  it('a module, whose head is code, is published with its scale stated, and gives values all the same', async () => {
    const job = jobOf({}, { model: 'module:own.mjs', mlp: undefined });
    const own = join(folder, 'own');
    await mkdir(own);
    // The head bends what it gives: nothing can be folded into that.
    await writeFile(
      join(own, 'model.mjs'),
      `export const createModel = ({ tf, dense }) => ({
        tensors: [
          { name: 'layer.weight', shape: [32, 4], initial: 0.5 }, { name: 'layer.bias', shape: [32], initial: 'zeros' },
          { name: 'head.weight', shape: [1, 32], initial: 0.1 }, { name: 'head.bias', shape: [1], initial: 'zeros' },
        ],
        features: (p, { features }) => tf.relu(dense(features, p('layer.weight'), p('layer.bias'))),
        outputs: (p, x) => { const y = dense(x, p('head.weight'), p('head.bias')); return tf.add(y, tf.mul(0.01, tf.mul(y, tf.square(y)))); },
      });`,
    );
    const linear = (name: string, to: number, from: number) => [
      { name: `${name}.weight`, shape: [to, from], initial: 0.5 / Math.sqrt(from) },
      { name: `${name}.bias`, shape: [to], initial: 'zeros' as const },
    ];
    const tensors = [...linear('layer', 32, 4), ...linear('head', 1, 32)];
    const config = moduleConfigJson({ inputs: { kind: 'features', width: 4 }, outputs: 1, tensors });
    await writeFile(join(own, 'config.json'), JSON.stringify(config));
    const bench = await open(job, own, false);
    await bench.trainTo(10 * epoch);
    const { metrics } = await bench.handlers.evaluate({ split: 'validation' });
    expect(metrics['r2']).toBeGreaterThan(0.95);
    const published = await bench.publish();
    await copyFile(join(own, 'model.mjs'), join(published, 'model.mjs'));
    expect(JSON.parse(await readFile(join(published, 'config.json'), 'utf8'))).toMatchObject({
      target_scale: { mean: expect.closeTo(5300, -3) as number, deviation: expect.closeTo(1700, -3) as number },
    });
    const values = await predicted(job, published, bench.dataset);
    values.forEach((value, i) => expect(Math.abs(value - data[i]!.income)).toBeLessThan(1500));
  });

  it('a run that was cut ends in the same state, bit for bit', async () => {
    const bench = await open(jobOf({ dropout: 0.1 }));
    const whole = await bench.trainTo(30);
    await bench.restore(bench.initial);
    const middle = await bench.trainTo(13);
    await bench.trainTo(30);
    await bench.restore(middle);
    expect((await bench.trainTo(30)).stateDigest).toBe(whole.stateDigest);
  });
});

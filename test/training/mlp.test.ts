import type { Job } from '../../job/schema.js';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { jobSchema } from '../../job/schema.js';
import { mlp, mlpConfigJson, type MlpConfig } from '../../models/families/mlp.js';
import { writeSafetensors } from '../../models/safetensors.js';
import { mlpModel } from '../../training/models/mlp.js';
import { dropoutMasks } from '../../training/ops/dropout.js';
import { tf } from '../../training/tensorflow.js';
import { asJson, compiledOutputs, inFolder, wave, waves } from '../support/published.js';
import { evaluationPass } from '../../training/step-functions.js';

/** The configuration of a job's MLP over features of a data set's width. */
const mlpConfig = (job: Job, width: number): MlpConfig =>
  mlp.forData!(mlp.parse(mlpConfigJson(job), 'config.json'), { width });

const jobOf = (shape?: object) =>
  jobSchema.parse({
    ...{ name: 't', task: 'tabular-classification', model: 'mlp', data: { source: 'x.csv' } },
    ...(shape && { mlp: shape }),
  });

test('the shape is the job’s, over as many inputs as the data has', () => {
  expect(mlpConfig(jobOf(), 9)).toEqual({ inputs: 9, hidden: [128, 64], activation: 'relu' });
  const job = jobOf({ hidden: [5, 4], activation: 'tanh' });
  const config = mlpConfig(job, 3);
  const model = mlpModel(config, job, 2);
  expect(model.tensors.map(({ name, shape }) => `${name} ${shape.join('x')}`)).toEqual([
    'layers.0.weight 5x3',
    'layers.0.bias 5',
    'layers.1.weight 4x5',
    'layers.1.bias 4',
    'head.weight 2x4',
    'head.bias 2',
  ]);
  expect(model.tensors.map(({ name }) => mlp.blockOf(name, config))).toEqual([0, 0, 1, 1, -1, -1]);
});

test('a published configuration is parsed again, and a wrong one is refused by its key', () => {
  const job = jobOf({ hidden: [5], activation: 'gelu' });
  const config = mlpConfig(job, 3);
  const { config: published } = mlp.publish({}, config, job, ['no', 'yes']);
  expect(mlp.reads(published as never)).toBe(true);
  expect(mlp.parse(published as never, 'config.json')).toEqual(config);
  expect(published).toMatchObject({ id2label: { 0: 'no', 1: 'yes' } });
  expect(() => mlp.parse({ ...published, hidden: [0] }, 'config.json')).toThrow(
    'config.json: hidden.0: expected a whole number above 0, found [0]',
  );
});

test('every hidden layer is dropped out, and nothing else', () => {
  const job = jobOf({ hidden: [64, 64], activation: 'relu' });
  const model = mlpModel(mlpConfig(job, 3), job, 2);
  const drops: number[][] = [];
  tf.tidy(() => {
    const masks = dropoutMasks(0.5, tf.tensor1d([7, 1], 'int32'));
    const dropout = {
      apply(x: Parameters<typeof masks.apply>[0]) {
        drops.push([...x.shape]);
        return masks.apply(x);
      },
    };
    const shapes = new Map(model.tensors.map(({ name, shape }) => [name, shape]));
    const p = (name: string) => tf.ones([...shapes.get(name)!]);
    const pass = {
      training: true,
      dropout,
      block: evaluationPass.block,
      isFrozen: () => false,
      update: () => undefined,
    };
    const features = model.features(p, { features: tf.ones([4, 3]) }, pass);
    const dropped = (features.dataSync() as Float32Array).filter((value) => value === 0).length;
    expect(dropped / features.size).toBeCloseTo(0.5, 0.7);
    expect(model.outputs(p, features, {}, pass).shape).toEqual([4, 2]);
  });
  expect(drops).toEqual([
    [4, 64],
    [4, 64],
  ]);
});

test('the layers are those of the textbook, computed by hand', () =>
  inFolder('mlp-published', async (folder) => {
    const job = jobOf({ hidden: [5, 4], activation: 'gelu' });
    const config = mlpConfig(job, 3);
    const model = mlpModel(config, job, 2);
    const values = waves(model);
    const features = { shape: [6, 3], values: wave(18, 3, 1) };
    const outputs = compiledOutputs(model, values, { features }, 6, 1);

    const layer = (x: readonly number[], name: string): number[] => {
      const [weight, bias] = [values.get(`${name}.weight`)!, values.get(`${name}.bias`)!];
      return Array.from(bias, (b, i) => x.reduce((sum, value, j) => sum + value * weight[i * x.length + j]!, b));
    };
    const byHand = Array.from({ length: 6 }, (_, row) => {
      const x = Array.from(features.values.slice(3 * row, 3 * row + 3));
      return layer(layer(layer(x, 'layers.0').map(gelu), 'layers.1').map(gelu), 'head');
    }).flat();
    byHand.forEach((value, i) => expect(outputs[i]).toBeCloseTo(value, 5));

    // What test/references/mlp_reader.py reads.
    await mkdir(folder, { recursive: true });
    const published = mlp.publish({}, config, job, ['a', 'b']);
    await writeFile(join(folder, 'config.json'), JSON.stringify(published.config));
    await writeSafetensors(
      join(folder, 'model.safetensors'),
      model.tensors.map(({ name, shape }) => {
        const bytes = new Uint8Array(values.get(name)!.buffer);
        return { name: published.nameInFile(name), dtype: 'F32' as const, shape, bytes };
      }),
    );
    await writeFile(join(folder, 'expected.json'), asJson([{ feeds: { features }, outputs }]));
  }));

/** x times the normal distribution function, by Simpson's rule over the density. */
function gelu(x: number): number {
  const density = (t: number) => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI);
  const steps = 200;
  let sum = density(0) + density(x);
  for (let i = 1; i < steps; i++) sum += (i % 2 === 0 ? 2 : 4) * density((x * i) / steps);
  return x * (0.5 + (sum * x) / steps / 3);
}

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { findLayersModel, importLayersModel } from '../../models/keras/import.js';
import { compile } from '../../training/compile/program.js';
import { dropoutMasks } from '../../training/ops/dropout.js';
import { layersModel } from '../../training/models/layers.js';
import { tf, type Tensor } from '../../training/tensorflow.js';
import { openImported } from '../support/imported.js';
import { compiledOutputs, inFolder, relativeDifference, wave } from '../support/published.js';
import { elementsOf as elements } from '../../models/safetensors-header.js';
import { evaluationPass } from '../../training/step-functions.js';

type Layers = Parameters<typeof tf.sequential>[0];

/** Saves a TensorFlow.js model with wavy weights into `folder`; returns what it predicts of `input`. */
async function save(folder: string, layers: NonNullable<Layers>['layers'], input: Tensor): Promise<Float32Array> {
  const model = tf.sequential({ layers: layers! });
  model.setWeights(
    model.weights.map(({ shape, originalName }, i) => {
      const values = wave(elements(shape as number[]), i, 0.3).map((v) =>
        originalName.endsWith('variance') ? v + 1 : v,
      );
      return tf.tensor(values, shape as number[]);
    }),
  );
  await model.save(pathToFileURL(folder).href);
  return (model.predict(input) as Tensor).dataSync() as Float32Array;
}

const pixels = { shape: [3, 8, 8, 3], values: wave(3 * 8 * 8 * 3, 2, 1) };
const convolutional = () => [
  tf.layers.conv2d({ inputShape: [8, 8, 3], filters: 4, kernelSize: 3, activation: 'relu', name: 'first' }),
  tf.layers.batchNormalization({ name: 'norm' }),
  tf.layers.globalAveragePooling2d({ name: 'pool' }),
  tf.layers.dropout({ rate: 0.5 }),
  tf.layers.dense({ units: 4, name: 'scores' }),
];
const outputsOf = (opened: Awaited<ReturnType<typeof openImported>>) =>
  compiledOutputs(opened.model, opened.values, { pixels }, 3, 1);

test('a model that TensorFlow.js saved gives the scores it gave there', () =>
  inFolder('tfjs', async (folder) => {
    const expected = await save(folder, convolutional(), tf.tensor(pixels.values, pixels.shape as [4]));
    expect(await findLayersModel(folder)).toBe(join(folder, 'model.json'));
    const opened = await openImported(join(folder, 'model.json'), join(folder, 'imported'), 4);
    expect(relativeDifference(outputsOf(opened), expected)).toBeLessThan(1e-5);
  }));

test('quantised weights are read as the numbers they stand for', () =>
  inFolder('quantised', async (folder) => {
    await save(folder, convolutional(), tf.tensor(pixels.values, pixels.shape as [4]));
    const path = join(folder, 'model.json');
    const json = JSON.parse(await readFile(path, 'utf8')) as {
      weightsManifest: {
        paths: string[];
        weights: { name: string; shape: number[]; dtype: string; quantization?: object }[];
      }[];
    };
    const { paths, weights } = json.weightsManifest[0]!;
    const bytes = await readFile(join(folder, paths[0]!));
    const [kernel] = weights as [(typeof weights)[0]];
    const count = elements(kernel.shape);
    const values = new Float32Array(Uint8Array.from(bytes.subarray(0, 4 * count)).buffer);
    const [min, scale] = [-0.3, 0.6 / 255];
    const stored = Uint8Array.from(values, (value) => Math.round((value - min) / scale));
    kernel.quantization = { dtype: 'uint8', min, scale, original_dtype: 'float32' };
    await writeFile(join(folder, paths[0]!), Buffer.concat([stored, bytes.subarray(4 * count)]));
    await writeFile(path, JSON.stringify(json));
    const loaded = await tf.loadLayersModel(pathToFileURL(path).href);
    const expected = (
      loaded.predict(tf.tensor(pixels.values, pixels.shape as [4])) as Tensor
    ).dataSync() as Float32Array;
    const opened = await openImported(path, join(folder, 'imported'), 4);
    expect(opened.values.get('first.kernel')).not.toEqual(values);
    expect(relativeDifference(outputsOf(opened), expected)).toBeLessThan(1e-5);
  }));

test('in training a frozen normalisation keeps its statistics, and dropout is the run’s', () =>
  inFolder('frozen', async (folder) => {
    await save(folder, convolutional(), tf.tensor(pixels.values, pixels.shape as [4]));
    const { model, values } = await openImported(join(folder, 'model.json'), join(folder, 'imported'), 4);
    const scores = (frozen: boolean, rate: number, seed: number) => {
      const updated: string[] = [];
      const program = compile({
        variables: new Map(model.tensors.map(({ name, shape }) => [name, shape])),
        functions: {
          train: {
            inputs: { ...model.inputs(3, 1), seed: { shape: [2], dtype: 'int32' } },
            trace({ pixels, seed }, p) {
              const pass = {
                training: true,
                dropout: dropoutMasks(rate, seed!),
                block: evaluationPass.block,
                isFrozen: () => frozen,
                update: (statistic: string) => void updated.push(statistic),
              };
              return { outputs: { scores: model.outputs(p, model.features(p, { pixels: pixels! }, pass), {}, pass) } };
            },
          },
        },
      });
      for (const [name, data] of values) program.assign(name, data);
      const found = program.run('train', { pixels: pixels.values, seed: Int32Array.of(seed, 1) })['scores']!;
      program.close();
      return { found, updated };
    };
    const plain = outputsOf(await openImported(join(folder, 'model.json'), join(folder, 'imported'), 4));
    const still = scores(true, 0, 1);
    expect(still.updated).toEqual([]);
    expect(relativeDifference(still.found, plain)).toBeLessThan(1e-6);
    const moving = scores(false, 0, 1);
    expect(moving.updated).toEqual(['norm.moving_mean', 'norm.moving_variance']);
    expect(relativeDifference(moving.found, plain)).toBeGreaterThan(1e-3);
    const dropped = scores(true, 0.5, 1);
    expect(scores(true, 0.5, 1).found).toEqual(dropped.found);
    expect(scores(true, 0.5, 2).found).not.toEqual(dropped.found);
  }));

test('a new number of classes gets a new head on the same features', () =>
  inFolder('head', async (folder) => {
    await save(folder, convolutional(), tf.tensor(pixels.values, pixels.shape as [4]));
    const config = await importLayersModel(join(folder, 'model.json'), join(folder, 'imported'));
    expect(config.originalHead).toEqual({ layer: 'scores', outputs: 4 });
    expect(config.last).toMatch(/^dropout/);
    const job = { data: {} } as Parameters<typeof layersModel>[1];
    const head = layersModel(config, job, 9).tensors.slice(-2);
    expect(head.map(({ name, shape }) => [name, shape])).toEqual([
      ['head.weight', [9, 4]],
      ['head.bias', [9]],
    ]);
  }));

const refusals = [
  {
    name: 'a layer that draws by itself',
    layers: () => [
      tf.layers.dense({ inputShape: [4], units: 3 }),
      tf.layers.gaussianNoise({ stddev: 1, name: 'noise' }),
      tf.layers.dense({ units: 2 }),
    ],
    says: /a layer cannot be trained here: noise \(GaussianNoise\): the class is not known; a model of your own is written as `module:FILE`/,
  },
  {
    name: 'channels that come first',
    layers: () => [
      tf.layers.conv2d({ inputShape: [3, 8, 8], filters: 2, kernelSize: 3, dataFormat: 'channelsFirst', name: 'c' }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 2 }),
    ],
    says: /c \(Conv2D\): channels come first, expected channels_last/,
  },
  {
    name: 'a model that ends with neither scores nor features',
    layers: () => [tf.layers.embedding({ inputDim: 4, outputDim: 3, inputLength: 5, name: 'words' })],
    says: /expected a model that ends with a Dense layer or with convolutions, found words \(Embedding\)/,
  },
] as const;

test.each(refusals)('$name is refused by name', ({ layers, says }) =>
  inFolder('refused', async (folder) => {
    await tf.sequential({ layers: layers() as never }).save(pathToFileURL(folder).href);
    await expect(importLayersModel(join(folder, 'model.json'), join(folder, 'imported'))).rejects.toThrow(says);
  }),
);

test('weights that are not there, or of another length, are missed by name', () =>
  inFolder('incomplete', async (folder) => {
    await save(folder, convolutional(), tf.tensor(pixels.values, pixels.shape as [4]));
    const path = join(folder, 'model.json');
    const weights = await readFile(join(folder, 'weights.bin'));
    await writeFile(join(folder, 'weights.bin'), weights.subarray(0, weights.length - 4));
    await expect(importLayersModel(path, folder)).rejects.toThrow(
      /norm\/moving_variance ends beyond the 588 bytes of weights.bin/,
    );
    await rm(join(folder, 'weights.bin'));
    await expect(importLayersModel(path, folder)).rejects.toThrow(
      /it names the weight file weights.bin, which is not beside it/,
    );
    await writeFile(path, '{"format":"graph-model","modelTopology":{"node":[]},"weightsManifest":[]}');
    await expect(importLayersModel(path, folder)).rejects.toThrow(
      /a graph model cannot be trained: convert the Keras model/,
    );
  }));

test('a dilated convolution is refused where a gradient would have to pass, and runs where none does', () =>
  inFolder('dilated', async (folder) => {
    const layers = [
      tf.layers.conv2d({ inputShape: [8, 8, 3], filters: 4, kernelSize: 3, dilationRate: 2, name: 'wide' }),
      tf.layers.globalAveragePooling2d({}),
      tf.layers.dense({ units: 4 }),
    ];
    const expected = await save(folder, layers, tf.tensor(pixels.values, pixels.shape as [4]));
    const opened = await openImported(join(folder, 'model.json'), join(folder, 'imported'), 4);
    expect(relativeDifference(outputsOf(opened), expected)).toBeLessThan(1e-5);
    const pass = {
      training: true,
      dropout: { apply: (x: Tensor) => x },
      block: evaluationPass.block,
      isFrozen: () => false,
      update: () => undefined,
    };
    expect(() => opened.model.features(() => tf.zeros([1]), {}, pass)).toThrow(
      /freeze: wide is a dilated convolution, which has no gradient here/,
    );
  }));

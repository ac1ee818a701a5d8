import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freezeGraph } from '../../../training/export/frozen-graph.js';
import { writeGraphModel } from '../../../training/export/graph-model.js';
import { predictFrom, type Feed } from '../../../training/export/predictor.js';
import { writeSavedModel } from '../../../training/export/saved-model.js';
import type { Model } from '../../../training/model.js';
import { tf, type Tensor } from '../../../training/tensorflow.js';
import { compiledOutputs, inFolder, relativeDifference, wave, waves } from '../../support/published.js';

/** Texts of numbers: x (rows, bucket, 3) -> (rows, 2); `mix` is what the forward pass does with the sizes. */
function modelWith(mix: (x: Tensor, rows: number, length: number) => Tensor): Model {
  return {
    tensors: [{ name: 'head.weight', shape: [3, 2] }],
    inputs: (rows, bucket) => ({ x: { shape: [rows, bucket, 3], dtype: 'float32' } }),
    features: (_, { x }) => mix(x!, x!.shape[0]!, x!.shape[1]!),
    outputs: (p, features) => tf.matMul(features as never, p('head.weight') as never),
  };
}

const mean = (x: Tensor) => tf.mean(x, 1);
const open: readonly { name: string; mix: Parameters<typeof modelWith>[0]; ops: readonly string[] }[] = [
  {
    name: 'a reshape with both sizes in one number',
    mix: (x, rows, length) => mean(tf.reshape(tf.relu(tf.reshape(x, [rows * length, 3])), [rows, length, 3])),
    ops: ['Pack', 'StridedSlice'],
  },
  {
    name: 'a slice of what depends on the length',
    mix: (x, rows, length) => mean(tf.slice(x, [0, 1, 0], [rows, length - 1, 3])),
    ops: ['AddV2', 'Pack'],
  },
  {
    name: 'a table of one number, as large as the batch',
    mix: (x, rows, length) => mean(tf.concat([x, tf.fill([rows, 2 * length, 3], 0.5)], 1)),
    ops: ['Fill', 'Mul'],
  },
  {
    name: 'a number of rows and length multiplied',
    mix: (x, rows, length) => {
      const some = tf.slice(tf.reshape(x, [rows * length * 3]), [0], [rows * length]);
      return mean(tf.mul(x, tf.reshape(some, [rows, length, 1])));
    },
    ops: ['Pack', 'Mul'],
  },
];

const feedsOf = (rows: number, length: number): Record<string, Feed> => ({
  x: { shape: [rows, length, 3], values: wave(rows * length * 3, 1, 1) },
});

test.each(open)('$name is left open: the graph takes sizes that it was not recorded for', ({ name, mix, ops }) =>
  inFolder(name.replaceAll(' ', '-').replaceAll(',', ''), async (folder) => {
    const model = modelWith(mix);
    const values = waves(model);
    const graph = freezeGraph({ model, values, maxLength: 32 });
    expect(graph.fixed).toEqual([]);
    expect(graph.inputs.get('x')!.shape).toEqual([-1, -1, 3]);
    expect(graph.outputShape).toEqual([-1, 2]);
    for (const op of ops) expect(graph.nodes.map((node) => node.op)).toContain(op);
    await writeSavedModel(join(folder, 'saved'), graph);
    await writeGraphModel(join(folder, 'graph'), graph);
    for (const form of ['saved', 'graph']) {
      const predictor = await predictFrom(join(folder, form));
      for (const [rows, length] of [
        [1, 2],
        [7, 3],
        [4, 32],
      ] as const) {
        const expected = compiledOutputs(model, values, feedsOf(rows, length), rows, length);
        expect(relativeDifference(predictor.outputs(feedsOf(rows, length)), expected), form).toBeLessThan(1e-5);
      }
      predictor.close();
    }
  }),
);

test('a model whose sizes cannot be expressed says which stay fixed, and still takes any number of rows', () =>
  inFolder('causal', async (folder) => {
    const causal = (x: Tensor, rows: number, length: number) => {
      const mask = tf.tensor(
        Float32Array.from({ length: length * length }, (_, i) => (i % length <= Math.floor(i / length) ? 1 : 0)),
        [length, length],
      );
      const each = tf.reshape(tf.transpose(x, [0, 2, 1]), [rows * 3, length]);
      return tf.mean(tf.reshape(tf.matMul(each as never, mask as never), [rows, 3, length]), 2);
    };
    const model = modelWith(causal);
    const values = waves(model);
    const graph = freezeGraph({ model, values, maxLength: 16 });
    expect(graph.inputs.get('x')!.shape).toEqual([-1, 16, 3]);
    expect(graph.fixed).toEqual([
      expect.stringMatching(/^texts of exactly 16 tokens: Const_\d+ holds a table of that size$/),
    ]);
    await writeSavedModel(folder, graph);
    const predictor = await predictFrom(folder);
    const expected = compiledOutputs(model, values, feedsOf(5, 16), 5, 16);
    expect(relativeDifference(predictor.outputs(feedsOf(5, 16)), expected)).toBeLessThan(1e-5);
    predictor.close();
  }));

test('a model that works for one example at a time only is published so, and says it', () => {
  const alone = modelWith((x, rows) => tf.mul(tf.mean(x, 1), tf.scalar(1 / rows)));
  const graph = freezeGraph({ model: alone, values: waves(alone), maxLength: 16 });
  expect(graph.inputs.get('x')!.shape).toEqual([1, 16, 3]);
  expect(graph.fixed).toHaveLength(2);
  expect(graph.fixed[1]).toMatch(/^one example at a time: Const_\d+ holds another number for every size$/);
});

test('a size that is no sum and product of the two is not taken for one', () => {
  const squared = modelWith((x, rows, length) => {
    const tiled = tf.tile(tf.reshape(x, [-1]), [length]);
    return tf.mean(tf.reshape(tiled, [rows, length * length, 3]), 1);
  });
  const graph = freezeGraph({ model: squared, values: waves(squared), maxLength: 32 });
  expect(graph.inputs.get('x')!.shape).toEqual([-1, 32, 3]);
  expect(graph.fixed).toEqual([expect.stringMatching(/^texts of exactly 32 tokens: Const_\d+ is no sum of sizes$/)]);
});

test('weights go into shards of the size that was asked for', () =>
  inFolder('shards', async (folder) => {
    const model: Model = {
      tensors: [{ name: 'head.weight', shape: [40, 30] }],
      inputs: (rows) => ({ x: { shape: [rows, 40], dtype: 'float32' } }),
      features: (_, { x }) => x!,
      outputs: (p, features) => tf.matMul(features as never, p('head.weight') as never),
    };
    const values = waves(model);
    await writeGraphModel(folder, freezeGraph({ model, values, maxLength: 1 }), 1001);
    const shards = (await readdir(folder)).filter((name) => name.endsWith('.bin'));
    expect(shards).toHaveLength(Math.ceil((40 * 30 * 4) / 1001));
    expect((await readFile(join(folder, 'group1-shard1of5.bin'))).length).toBe(1001);
    const predictor = await predictFrom(folder);
    const feeds = { x: { shape: [2, 40], values: wave(80) } };
    expect(relativeDifference(predictor.outputs(feeds), compiledOutputs(model, values, feeds, 2, 1))).toBeLessThan(
      1e-5,
    );
    predictor.close();
  }));

test('a SavedModel above the limit of protobuf is refused in a sentence, and nothing is written', () =>
  inFolder('limit', async (folder) => {
    const model = modelWith((x) => mean(x));
    const graph = freezeGraph({ model, values: waves(model), maxLength: 16 });
    await expect(writeSavedModel(join(folder, 'saved'), graph, 500)).rejects.toThrow(
      /^SavedModel: expected at most 500 bytes \(the limit of a protobuf file\), found \d+: use the safetensors file/,
    );
    await expect(readdir(join(folder, 'saved'))).rejects.toThrow('ENOENT');
  }));

test('a tensor without values, and a folder without a model, are said', () =>
  inFolder('nothing', async (folder) => {
    const model = modelWith((x) => mean(x));
    expect(() => freezeGraph({ model, values: new Map(), maxLength: 16 })).toThrow(
      'export: no values for the tensor head.weight',
    );
    await expect(predictFrom(folder)).rejects.toThrow(/expected an exported model: a saved_model.pb, or a model.json/);
    await writeFile(join(folder, 'model.json'), '{"format":"other"}');
    await expect(predictFrom(folder)).rejects.toThrow(
      /model.json: format: expected graph-model or layers-model, found "other"/,
    );
  }));

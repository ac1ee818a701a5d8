import { expect, test } from 'vitest';
import { bertTensors, headTensors } from '../../../models/bert-layout.js';
import { ModelError } from '../../../models/model-error.js';
import { GraphBuilder } from '../../../training/compile/graph.js';
import type { UpdateContext } from '../../../training/compile/program.js';
import { adamW } from '../../../training/optimizers/adamw.js';
import { ratePlan } from '../../../training/optimizers/groups.js';
import { rateNode } from '../../../training/optimizers/rates.js';
import { tf } from '../../../training/tensorflow.js';
import { fixture, trainOf } from './problem.js';

const tensors = [
  { name: 'embeddings.weight', shape: [9, 4], block: -1 },
  { name: 'layer.0.weight', shape: [4, 4], block: 0 },
  { name: 'layer.0.norm.weight', shape: [4], block: 0 },
  { name: 'layer.1.weight', shape: [4, 4], block: 1 },
  { name: 'layer.1.bias', shape: [4], block: 1 },
  { name: 'norm.weight', shape: [4], block: 2 },
  { name: 'head.weight', shape: [3, 4], block: 2 },
];
const plan = (train: object) =>
  ratePlan(trainOf({ layerDecay: 1, groups: [], weightDecay: 0.1, ...train }), tensors, 2);

test('the rates of the fixture, which PyTorch was given as they stand, come of its groups and layer decay', () => {
  const found = ratePlan(trainOf({}), fixture.tensors, fixture.blocks);
  for (const { name, factor, weightDecay } of fixture.tensors) {
    expect(found.get(name), name).toEqual({ factor, weightDecay });
  }
});

test('layer decay counts the blocks behind: the head and the last norm learn at the full rate, the embeddings least', () => {
  const factors = [...plan({ layerDecay: 0.5 })].map(([name, { factor }]) => `${name} ${factor}`);
  expect(factors).toEqual([
    'embeddings.weight 0.125',
    'layer.0.weight 0.25',
    'layer.0.norm.weight 0.25',
    'layer.1.weight 0.5',
    'layer.1.bias 0.5',
    'norm.weight 1',
    'head.weight 1',
  ]);
});

test('the first group that matches counts, and only where it matches the start of a name', () => {
  const groups = [
    { match: ['layer.1', 'head'], rate: 2 },
    { match: ['layer'], rate: 3, weightDecay: 0.5 },
    { match: ['.*'] },
  ];
  const found = plan({ groups });
  expect(found.get('layer.1.weight')).toEqual({ factor: 2, weightDecay: 0.1 });
  expect(found.get('layer.0.weight')).toEqual({ factor: 3, weightDecay: 0.5 });
  expect(found.get('layer.0.norm.weight')).toEqual({ factor: 3, weightDecay: 0 });
  expect(found.get('embeddings.weight')).toEqual({ factor: 1, weightDecay: 0.1 });
});

test('a pattern that matches no tensor is refused with the nearest name', () => {
  const refused = (match: string[]) => () => plan({ groups: [{ match: ['head'] }, { match }] });
  expect(refused(['head', 'layr.1'])).toThrow(ModelError);
  expect(refused(['head', 'layr.1'])).toThrow(
    'train.groups[1].match[1]: the pattern "layr.1" matches the start of no tensor name; did you mean `layer.1`?',
  );
  expect(refused(['norm.weight', '[01].weight'])).toThrow(
    'train.groups[1].match[1]: the pattern "[01].weight" matches the start of no',
  );
  expect(refused(['0.weight.of.nothing'])).toThrow('names begin with `embeddings`, `head`, `layer` or `norm`');
});

test('of BERT all but biases and LayerNorm decay', () => {
  const config = {
    hiddenSize: 4,
    intermediateSize: 8,
    vocabSize: 10,
    maxPositions: 6,
    typeVocabSize: 2,
    layers: 2,
  } as Parameters<typeof bertTensors>[0];
  const bert = [...bertTensors(config), ...headTensors(config, 3)].map((tensor) => ({ ...tensor, block: 0 }));
  const found = ratePlan(trainOf({ groups: [], weightDecay: 0.1 }), bert, 2);
  expect(bert.length).toBeGreaterThan(30);
  for (const { name } of bert)
    expect(found.get(name)!.weightDecay, name).toBe(/(^|\.)bias$|LayerNorm\./.test(name) ? 0 : 0.1);
});

/** How many nodes of each op AdamW makes for these rates and decays. */
function opsOf(rates: readonly { factor: number; weightDecay: number }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  const graph = new GraphBuilder();
  const add = graph.add.bind(graph);
  graph.add = (op, ...rest) => {
    counts[op] = (counts[op] ?? 0) + 1;
    return add(op, ...rest);
  };
  const names = new Map<object, string>();
  const context: UpdateContext = {
    graph,
    handle: (variable) => `var/${variable}`,
    ref: (tensor) => {
      if (!names.has(tensor.dataId)) names.set(tensor.dataId, `tensor${names.size}`);
      return names.get(tensor.dataId)!;
    },
  };
  const inputs = { beta1Power: tf.scalar(1), beta2Power: tf.scalar(1), stepEpsilon: tf.scalar(1) };
  const learningRate = tf.scalar(1);
  const { update } = adamW({ beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
  rates.forEach(({ factor, weightDecay }, i) =>
    update(
      context,
      {
        name: `w${i}`,
        shape: [2],
        gradient: tf.zeros([2]),
        rate: rateNode(context, learningRate, factor),
        weightDecay,
      },
      inputs,
    ),
  );
  return counts;
}

test('one group makes one node that says how much of a weight is kept, and no node for its rate', () => {
  const one = { factor: 1, weightDecay: 0.1 };
  expect(opsOf([one, { factor: 1, weightDecay: 0 }, one, one])).toEqual({
    Const: 4, // the betas, 1, the decay
    Sub: 1,
    Mul: 4, // rate · decay, and each decayed weight
    ReadVariableOp: 3,
    AssignVariableOp: 3,
    ResourceApplyAdam: 4,
  });
});

test('each pair of a rate and a decay has a node of its own, however many tensors share it', () => {
  const pairs = [
    { factor: 1, weightDecay: 0.1 },
    { factor: 0.5, weightDecay: 0.1 },
    { factor: 0.5, weightDecay: 0.2 },
  ];
  expect(opsOf([...pairs, ...pairs])['Sub']).toBe(3);
});

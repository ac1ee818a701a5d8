import { afterAll, expect, test } from 'vitest';
import { compile, type FeedValues, type FunctionSpec } from '../../training/compile/program.js';
import { attention } from '../../training/ops/attention.js';
import { meanCrossEntropy } from '../../training/ops/cross-entropy.js';
import { dense } from '../../training/ops/dense.js';
import * as direct from '../../training/ops/direct.js';
import { dropoutMasks, noDropout } from '../../training/ops/dropout.js';
import { embed } from '../../training/ops/embedding.js';
import { gelu } from '../../training/ops/gelu.js';
import { layerNorm } from '../../training/ops/layer-norm.js';
import { tf, type Tensor } from '../../training/tensorflow.js';
import { elements } from '../support/base-model.js';

/** |found - expected| over the largest expected value of the tensor. */
const TOLERANCE = 1e-5;

type Op = (...inputs: readonly Tensor[]) => Tensor;

interface Case {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly ours: Op;
  /** The same by public tfjs ops, whose gradients are tfjs's own; absent where there is no gradient to compare. */
  readonly composed: Op;
  readonly differentiable?: boolean;
}

const kept: Tensor[] = [];
const keep = <T extends Tensor>(tensor: T): T => (kept.push(tensor), tensor);
afterAll(() => tf.dispose(kept));

const ids = keep(tf.tensor1d([3, 0, 3, 5, 1, 3], 'int32'));
const labels = keep(tf.tensor1d([2, 0, 1, 2], 'int32'));
const rowWeights = keep(tf.tensor1d([1, 1, 0, 1]));
const padding = keep(tf.tensor4d([0, 0, 0, -1e9, 0, 0, -1e9, -1e9], [2, 1, 1, 4]));
const seed = keep(tf.tensor1d([7, 11], 'int32'));
const mask = keep(tf.tidy(() => dropoutMasks(0.3, seed).apply(tf.ones([40, 25]))));
const byRows = { ours: dense, shapes: [[6, 5], [4, 5], [4]] };

const cases: Case[] = [
  { name: 'dense', ...byRows, composed: (x, w, b) => tf.add(tf.matMul(x, w, false, true), b) },
  {
    name: 'gelu',
    shapes: [[5, 7]],
    ours: gelu,
    composed: (x) => tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2)))),
  },
  {
    name: 'layerNorm',
    shapes: [[6, 9], [9], [9]],
    ours: (x, gain, bias) => layerNorm(x, gain, bias, 1e-3),
    composed: (x, gain, bias) => {
      const { mean, variance } = tf.moments(x, -1, true);
      return tf.add(tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-3))), gain), bias);
    },
  },
  {
    name: 'attention',
    shapes: [
      [2, 3, 4, 5],
      [2, 3, 4, 5],
      [2, 3, 4, 5],
    ],
    ours: (q, k, v) => attention(q, k, v, padding, noDropout),
    composed: (q, k, v) =>
      tf.matMul(tf.softmax(tf.add(tf.div(tf.matMul(q, k, false, true), Math.sqrt(5)), padding)), v),
  },
  {
    name: 'embed',
    shapes: [[8, 5]],
    ours: (table) => embed(table, ids),
    composed: (table) => tf.matMul(tf.oneHot(ids, 8).toFloat(), table),
  },
  {
    name: 'meanCrossEntropy',
    shapes: [[4, 3]],
    ours: (logits) => meanCrossEntropy(logits, labels, rowWeights),
    composed: (logits) => {
      const losses = tf.neg(tf.sum(tf.mul(tf.oneHot(labels, 3).toFloat(), tf.logSoftmax(logits)), -1));
      return tf.div(tf.sum(tf.mul(losses, rowWeights)), 3);
    },
  },
  {
    name: 'dropout',
    shapes: [[40, 25]],
    ours: (x) => dropoutMasks(0.3, seed).apply(x),
    composed: (x) => tf.mul(x, mask),
  },
  ...[false, true].flatMap((first) => [false, true].map((second) => products(first, second))).flat(),
  { name: 'biasAdd', shapes: [[6, 5], [5]], ours: direct.biasAdd, composed: tf.add, differentiable: false },
  {
    name: 'biasAddGrad',
    shapes: [[6, 5]],
    ours: direct.biasAddGrad,
    composed: (x) => tf.sum(x, 0),
    differentiable: false,
  },
  {
    name: 'halfSquaredNorm',
    shapes: [[6, 5]],
    ours: direct.halfSquaredNorm,
    composed: (x) => tf.div(tf.sum(tf.square(x)), 2),
    differentiable: false,
  },
];

/** Both products with their inputs transposed or not. */
function products(first: boolean, second: boolean): Case[] {
  const x = first ? [3, 6] : [6, 3];
  const y = second ? [4, 3] : [3, 4];
  const how = `${first ? 'xᵀ' : 'x'} · ${second ? 'yᵀ' : 'y'}`;
  const composed: Op = (x, y) => tf.matMul(x, y, first, second);
  const common = { composed, differentiable: false };
  return [
    { name: `matMul, ${how}`, shapes: [x, y], ours: (x, y) => direct.matMul(x, y, first, second), ...common },
    {
      name: `batchMatMul, ${how}`,
      shapes: [x, y].map((shape) => [2, ...shape]),
      ours: (x, y) => direct.batchMatMul(x, y, first, second),
      ...common,
    },
  ];
}

const values = (count: number, i: number) =>
  Float32Array.from({ length: count }, (_, at) => 1.5 * Math.sin(1.7 * at + i + 1));

/** The value of `op`, and the gradient of a weighted sum of it to every input. */
function withGradients(op: Op, inputs: readonly Tensor[], differentiable: boolean): Record<string, Tensor> {
  if (!differentiable) return { value: op(...inputs) };
  const value = op(...inputs);
  const weights = tf.tensor(values(value.size, 5), value.shape);
  const grads = tf.grads((...args) => tf.sum(tf.mul(op(...args), weights)))([...inputs]);
  return { value, ...Object.fromEntries(grads.map((grad, i) => [`gradient-${i}`, grad])) };
}

test.each(cases)('$name: compiled, eager and composed of public ops are one', ({ shapes, ours, composed, ...rest }) => {
  const differentiable = rest.differentiable ?? true;
  const feeds: Record<string, FeedValues> = {};
  const inputs: FunctionSpec['inputs'] = {};
  shapes.forEach((shape, i) => {
    feeds[`x${i}`] = values(elements(shape), i);
    inputs[`x${i}`] = { shape, dtype: 'float32' };
  });
  const trace: FunctionSpec['trace'] = (traced) => ({
    outputs: withGradients(
      ours,
      shapes.map((_, i) => traced[`x${i}`]!),
      differentiable,
    ),
  });
  const program = compile({ variables: new Map(), functions: { op: { inputs, trace } } });
  const compiled = program.run('op', feeds);
  program.close();
  const run = (op: Op) =>
    tf.tidy(() => {
      const tensors = shapes.map((shape, i) => tf.tensor(feeds[`x${i}`]!, [...shape]));
      const results = Object.entries(withGradients(op, tensors, differentiable));
      return Object.fromEntries(results.map(([name, tensor]) => [name, tensor.dataSync() as Float32Array]));
    });
  const [eager, expected] = [run(ours), run(composed)];

  expect(Object.keys(compiled)).toHaveLength(differentiable ? 1 + shapes.length : 1);
  for (const [name, found] of Object.entries(compiled)) {
    expect(relative(found, eager[name]!), `${name}: compiled against eager`).toBeLessThan(TOLERANCE);
    expect(relative(eager[name]!, expected[name]!), `${name}: ours against tfjs's`).toBeLessThan(TOLERANCE);
  }
});

function relative(found: Float32Array, expected: Float32Array): number {
  expect(found).toHaveLength(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  expect(scale).toBeGreaterThan(0);
  return Math.max(...found.map((value, i) => Math.abs(value - expected[i]!))) / scale;
}

test('dropout zeroes its share of the elements and keeps the sum; another step or site draws another mask', () => {
  const drawn = mask.dataSync();
  expect(new Set(drawn)).toEqual(new Set([0, Math.fround(1 / 0.7)]));
  expect(drawn.filter((value) => value === 0).length / drawn.length).toBeCloseTo(0.3, 1);
  const [next, ...sites] = tf.tidy(() => {
    const ones = tf.ones([40, 25]);
    const [here, later] = [dropoutMasks(0.3, seed), dropoutMasks(0.3, tf.add(seed, tf.tensor1d([0, 1], 'int32')))];
    return [later.apply(ones), here.apply(ones), here.apply(ones)].map((tensor) => tensor.dataSync());
  });
  expect(sites[0]).toEqual(drawn);
  for (const other of [next, sites[1]]) expect(other).not.toEqual(drawn);
});

test('the losses and the gradient of sparseCrossEntropy are one row at a time', () => {
  const [losses, gradient] = tf.tidy(() =>
    direct
      .sparseCrossEntropy(tf.tensor2d([1, 2, 3, 0, 0, 0], [2, 3]), tf.tensor1d([2, 1], 'int32'))
      .map((t) => t.dataSync()),
  );
  const total = Math.E + Math.E ** 2 + Math.E ** 3;
  expect(losses![0]).toBeCloseTo(Math.log(total) - 3, 6);
  expect(losses![1]).toBeCloseTo(Math.log(3), 6);
  const soft = [1, 2, 3].map((logit) => Math.exp(logit) / total);
  [soft[0]!, soft[1]!, soft[2]! - 1, 1 / 3, -2 / 3, 1 / 3].forEach((value, i) =>
    expect(gradient![i]).toBeCloseTo(value, 6),
  );
});

import { meanCrossEntropy } from '../../training/ops/cross-entropy.js';
import { attention } from '../../training/ops/attention.js';
import { dense } from '../../training/ops/dense.js';
import * as direct from '../../training/ops/direct.js';
import { dropoutMasks, noDropout } from '../../training/ops/dropout.js';
import { embed } from '../../training/ops/embedding.js';
import { gelu } from '../../training/ops/gelu.js';
import { layerNorm } from '../../training/ops/layer-norm.js';
import { tf, type Tensor } from '../../training/tensorflow.js';

export type Op = (...inputs: readonly Tensor[]) => Tensor;

export interface Case {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly ours: Op;
  /** The same by public tfjs ops, whose gradients are tfjs's own; absent where there is no gradient to compare. */
  readonly composed: Op;
  readonly differentiable?: boolean;
}

export const kept: Tensor[] = [];
const keep = <T extends Tensor>(tensor: T): T => (kept.push(tensor), tensor);

const ids = keep(tf.tensor1d([3, 0, 3, 5, 1, 3], 'int32'));
const labels = keep(tf.tensor1d([2, 0, 1, 2], 'int32'));
const rowWeights = keep(tf.tensor1d([1, 1, 0, 1]));
const padding = keep(tf.tensor4d([0, 0, 0, -1e9, 0, 0, -1e9, -1e9], [2, 1, 1, 4]));
export const seed = keep(tf.tensor1d([7, 11], 'int32'));
export const mask = keep(tf.tidy(() => dropoutMasks(0.3, seed).apply(tf.ones([40, 25]))));
const byRows = { ours: dense, shapes: [[6, 5], [4, 5], [4]] };

export const opCases: Case[] = [
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

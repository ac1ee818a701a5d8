import { hardSwish, relu, relu6, silu } from '../../training/ops/activations.js';
import { batchNorm, normalisedInOps } from '../../training/ops/batch-norm.js';
import { addBias, conv2d, depthwiseConv2d } from '../../training/ops/conv.js';
import { avgPool, globalAvgPool, maxPool } from '../../training/ops/pool.js';
import { tf, type Tensor } from '../../training/tensorflow.js';
import { kept, type Case } from './op-cases.js';

const keep = <T extends Tensor>(tensor: T): T => (kept.push(tensor), tensor);

const image = [2, 7, 8, 4];
const pad = (x: Tensor, pixels: number, value = 0) =>
  tf.pad(x, [[0, 0], [pixels, pixels], [pixels, pixels], [0, 0]], value); // prettier-ignore

const running = { mean: keep(tf.tensor1d([0.1, -0.2, 0.3, 0])), variance: keep(tf.tensor1d([0.5, 1, 2, 1.5])) };
const normalised = (x: Tensor, gain: Tensor, bias: Tensor, mean: Tensor, variance: Tensor) =>
  tf.add(tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-3))), gain), bias);

export const imageOpCases: readonly Case[] = [
  ...([1, 2] as const).flatMap((stride): Case[] => [
    {
      name: `conv2d of stride ${stride}, same`,
      shapes: [image, [3, 3, 4, 5]],
      ours: (x, kernel) => conv2d(x, kernel, stride, 'same'),
      composed: (x, kernel) => tf.conv2d(x as never, kernel as never, stride, 'same'),
    },
    {
      name: `conv2d of stride ${stride}, one pixel on every side`,
      shapes: [image, [3, 3, 4, 5]],
      ours: (x, kernel) => conv2d(x, kernel, stride, 1),
      composed: (x, kernel) => tf.conv2d(pad(x, 1) as never, kernel as never, stride, 'valid'),
    },
    {
      name: `conv2d of 1x1, stride ${stride}`,
      shapes: [image, [1, 1, 4, 5]],
      ours: (x, kernel) => conv2d(x, kernel, stride, 'valid'),
      composed: (x, kernel) => tf.conv2d(x as never, kernel as never, stride, 'valid'),
    },
    {
      name: `depthwiseConv2d of stride ${stride}, same`,
      shapes: [image, [3, 3, 4, 1]],
      ours: (x, kernel) => depthwiseConv2d(x, kernel, stride, 'same'),
      composed: (x, kernel) => tf.depthwiseConv2d(x as never, kernel as never, stride, 'same'),
    },
    {
      name: `depthwiseConv2d of stride ${stride}, one pixel on every side`,
      shapes: [image, [3, 3, 4, 1]],
      ours: (x, kernel) => depthwiseConv2d(x, kernel, stride, 1),
      composed: (x, kernel) => tf.depthwiseConv2d(pad(x, 1) as never, kernel as never, stride, 'valid'),
    },
    {
      name: `maxPool of stride ${stride}, one pixel on every side`,
      shapes: [image],
      ours: (x) => maxPool(x, 3, stride, 1),
      composed: (x) => tf.maxPool(pad(x, 1, -10) as never, 3, stride, 'valid'),
    },
    {
      name: `avgPool of stride ${stride}`,
      shapes: [image],
      ours: (x) => avgPool(x, 2, stride, 'same'),
      composed: (x) => tf.avgPool(x as never, 2, stride, 'same'),
    },
  ]),
  { name: 'globalAvgPool', shapes: [image], ours: globalAvgPool, composed: (x) => tf.mean(x, [1, 2]) },
  { name: 'addBias', shapes: [image, [4]], ours: addBias, composed: tf.add },
  {
    name: 'batchNorm by the batch',
    shapes: [image, [4], [4]],
    ours: (x, gain, bias) => batchNorm(x, gain, bias, running, 1e-3, 'batch').value,
    composed: (x, gain, bias) => {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      return normalised(x, gain, bias, mean, variance);
    },
  },
  {
    name: 'batchNorm by the running statistics',
    shapes: [image, [4], [4]],
    ours: (x, gain, bias) => batchNorm(x, gain, bias, running, 1e-3, 'running').value,
    composed: (x, gain, bias) => normalised(x, gain, bias, running.mean, running.variance),
  },
  {
    name: 'batchNorm by the running statistics, as a GPU takes it',
    shapes: [image, [4], [4]],
    ours: (x, gain, bias) => normalisedInOps(x, gain, bias, running, 1e-3),
    composed: (x, gain, bias) => normalised(x, gain, bias, running.mean, running.variance),
  },
  {
    name: 'running mean and unbiased variance of batchNorm',
    shapes: [image, [4], [4]],
    ours: (x, gain, bias) => {
      const { mean, variance } = batchNorm(x, gain, bias, running, 1e-3, 'batch').updated;
      return tf.concat([mean, variance]);
    },
    composed: (x) => {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      const count = 2 * 7 * 8;
      const unbiased = tf.mul(variance, count / (count - 1));
      const step = (old: Tensor, now: Tensor) => tf.add(tf.mul(old, 0.9), tf.mul(now, 0.1));
      return tf.concat([step(running.mean, mean), step(running.variance, unbiased)]);
    },
    differentiable: false,
  },
  { name: 'relu', shapes: [image], ours: relu, composed: (x) => tf.maximum(x, 0) },
  {
    name: 'relu6',
    shapes: [image],
    ours: (x) => relu6(tf.mul(x, 5)),
    composed: (x) => tf.clipByValue(tf.mul(x, 5), 0, 6),
  },
  {
    name: 'hardSwish',
    shapes: [image],
    ours: (x) => hardSwish(tf.mul(x, 3)),
    composed: (x) => tf.div(tf.mul(tf.mul(x, 3), tf.clipByValue(tf.add(tf.mul(x, 3), 3), 0, 6)), 6),
  },
  { name: 'silu', shapes: [image], ours: silu, composed: (x) => tf.div(x, tf.add(1, tf.exp(tf.neg(x)))) },
];

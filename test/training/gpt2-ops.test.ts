import { afterAll, expect, test } from 'vitest';
import { compile, type FeedValues, type FunctionSpec } from '../../training/compile/program.js';
import { causalAttention, causalBias } from '../../training/ops/causal-attention.js';
import { denseInOut } from '../../training/ops/dense-in-out.js';
import { noDropout } from '../../training/ops/dropout.js';
import { geluTanh } from '../../training/ops/gelu-tanh.js';
import { tokenScores } from '../../training/ops/token-scores.js';
import { tf, type Tensor } from '../../training/tensorflow.js';
import { elements } from '../support/base-model.js';
import type { Op } from './op-cases.js';

const TOLERANCE = 1e-5;
const [ROWS, HEADS, LENGTH, WIDTH] = [2, 3, 5, 4];
const seen = tf.keep(tf.linalg.bandPart(tf.ones([LENGTH, LENGTH]), -1, 0));
afterAll(() => seen.dispose());

/** Attention head by head and row by row, the scores of later keys taken out after exp(). */
const byHand: Op = (projected) => {
  const rows = tf.split(projected, ROWS).map((row) => {
    const heads = (part: number) =>
      tf.split(tf.slice(row, [0, part * HEADS * WIDTH], [LENGTH, HEADS * WIDTH]), HEADS, 1);
    const [queries, keys, values] = [heads(0), heads(1), heads(2)];
    return tf.concat(
      queries.map((query, i) => {
        const powers = tf.mul(tf.exp(tf.div(tf.matMul(query, keys[i]!, false, true), Math.sqrt(WIDTH))), seen);
        return tf.matMul(tf.div(powers, tf.sum(powers, 1, true)), values[i]!);
      }),
      1,
    );
  });
  return tf.concat(rows, 0);
};

const cases: { name: string; shapes: number[][]; ours: Op; composed: Op }[] = [
  {
    name: 'geluTanh',
    shapes: [[9, 7]],
    ours: geluTanh,
    composed: (x) => {
      const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.pow(x, 3))));
      return tf.mul(tf.mul(0.5, x), tf.add(1, tf.tanh(inner)));
    },
  },
  {
    name: 'denseInOut',
    shapes: [[6, 5], [5, 4], [4]],
    ours: denseInOut,
    composed: (x, weight, bias) => tf.add(tf.matMul(x, weight), bias),
  },
  {
    name: 'tokenScores',
    shapes: [
      [6, 5],
      [8, 5],
    ],
    ours: tokenScores,
    composed: (x, table) => tf.matMul(x, table, false, true),
  },
  {
    name: 'causalAttention',
    shapes: [[ROWS * LENGTH, 3 * HEADS * WIDTH]],
    ours: (projected) => causalAttention(projected, causalBias(LENGTH), { rows: ROWS, heads: HEADS }, noDropout),
    composed: byHand,
  },
];

const values = (count: number, i: number) =>
  Float32Array.from({ length: count }, (_, at) => 1.5 * Math.sin(1.7 * at + i + 1));

/** The value of `op`, and the gradient of a weighted sum of it to every input. */
function withGradients(op: Op, inputs: readonly Tensor[]): Record<string, Tensor> {
  const value = op(...inputs);
  const weights = tf.tensor(values(value.size, 5), value.shape);
  const grads = tf.grads((...args) => tf.sum(tf.mul(op(...args), weights)))([...inputs]);
  return { value, ...Object.fromEntries(grads.map((grad, i) => [`gradient-${i}`, grad])) };
}

test.each(cases)('$name: compiled, it is what public ops compose to', ({ shapes, ours, composed }) => {
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
    ),
  });
  const program = compile({ variables: new Map(), functions: { op: { inputs, trace } } });
  const found = program.run('op', feeds);
  program.close();
  tf.tidy(() => {
    const tensors = shapes.map((shape, i) => tf.tensor(feeds[`x${i}`]!, shape));
    const results = Object.entries(withGradients(composed, tensors));
    expect(Object.keys(found)).toEqual(results.map(([name]) => name));
    for (const [name, tensor] of results) {
      const wanted = tensor.dataSync();
      expect(found[name]).toHaveLength(wanted.length);
      const scale = Math.max(...wanted.map(Math.abs));
      const worst = Math.max(...found[name]!.map((value, i) => Math.abs(value - wanted[i]!)));
      expect(worst / scale, name).toBeLessThan(TOLERANCE);
    }
  });
});

test('the gelu of large values is the value or zero, and so is its slope', () => {
  tf.tidy(() => {
    const x = tf.tensor1d([-1e6, -40, 40, 1e6]);
    expect([...geluTanh(x).dataSync()].map(Math.abs)).toEqual([0, 0, 40, 1e6]);
    expect([...tf.grad(geluTanh)(x).dataSync()].map(Math.abs)).toEqual([0, 0, 1, 1]);
  });
});

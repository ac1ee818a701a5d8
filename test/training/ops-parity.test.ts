import { afterAll, expect, test } from 'vitest';
import { compile, type FeedValues, type FunctionSpec } from '../../training/compile/program.js';
import { crossEntropyInOps } from '../../training/ops/cross-entropy.js';
import * as direct from '../../training/ops/direct.js';
import { dropoutMasks } from '../../training/ops/dropout.js';
import { tf, type Tensor } from '../../training/tensorflow.js';
import { elements } from '../support/base-model.js';
import { imageOpCases } from './image-op-cases.js';
import { kept, mask, opCases, seed, type Op } from './op-cases.js';

/** |found - expected| over the largest expected value of the tensor. */
const TOLERANCE = 1e-5;

afterAll(() => tf.dispose(kept));

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

test.each([...opCases, ...imageOpCases])(
  '$name: compiled, eager and composed of public ops are one',
  ({ shapes, ours, composed, ...rest }) => {
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
  },
);

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

test('cross-entropy in ops, as a GPU takes it, is what the one op gives on a CPU', () => {
  const logits = tf.tensor2d([30, -20, 3, 0.5, 0, -1, 200, 201, 199], [3, 3]);
  const labels = tf.tensor1d([2, 0, 1], 'int32');
  const [one, ops] = tf.tidy(() => {
    const targets = tf.oneHot(labels, 3, 1, 0, 'float32');
    const values = (tensors: readonly Tensor[]) => tensors.flatMap((tensor) => Array.from(tensor.dataSync()));
    return [values(direct.sparseCrossEntropy(logits, labels)), values(crossEntropyInOps(logits, targets))];
  });
  expect(one).toHaveLength(3 + 9);
  one!.forEach((value, i) => expect(ops![i]).toBeCloseTo(value, 5));
});

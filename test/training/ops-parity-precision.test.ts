import { expect, test } from 'vitest';
import { compile, type FunctionSpec } from '../../training/compile/program.js';
import { attention } from '../../training/ops/attention.js';
import { dense } from '../../training/ops/dense.js';
import { noDropout } from '../../training/ops/dropout.js';
import { precisionEnvironment, precisionProblem, withPrecision, type Precision } from '../../training/ops/precision.js';
import { tf, type Tensor } from '../../training/tensorflow.js';
import { elements } from '../support/base-model.js';
import type { Op } from './op-cases.js';

const values = (count: number, i: number) =>
  Float32Array.from({ length: count }, (_, at) => Math.sin(1.7 * at * at + 3.1 * i + 1));

/** The value of `op`, and the gradient of a weighted sum of it to every input, compiled in `precision`. */
function compiled(precision: Precision, shapes: readonly (readonly number[])[], op: Op): Record<string, Float32Array> {
  const inputs: FunctionSpec['inputs'] = Object.fromEntries(
    shapes.map((shape, i) => [`x${i}`, { shape, dtype: 'float32' }]),
  );
  const trace: FunctionSpec['trace'] = (fed) =>
    withPrecision(precision, () => {
      const operands = shapes.map((_, i) => fed[`x${i}`]!);
      const value = op(...operands);
      const weights = tf.tensor(values(value.size, 5), value.shape);
      const grads = tf.grads((...args) => tf.sum(tf.mul(op(...args), weights)))(operands);
      return { outputs: { value, ...Object.fromEntries(grads.map((grad, i) => [`gradient-${i}`, grad])) } };
    });
  const program = compile({ variables: new Map(), functions: { op: { inputs, trace } } });
  const feeds = shapes.map((shape, i) => [`x${i}`, values(elements(shape), i)] as const);
  const outputs = program.run('op', Object.fromEntries(feeds));
  program.close();
  return outputs;
}

/** Whether every value is a bfloat16: the lower half of its bits is zero. */
const isHalf = (found: Float32Array): boolean =>
  new Uint32Array(found.buffer, found.byteOffset, found.length).every((bits) => (bits & 0xffff) === 0);

const padding = () => tf.tensor4d([0, 0, 0, -1e9, 0, 0, -1e9, -1e9], [2, 1, 1, 4]) as Tensor;
const conv = { strides: 2, pad: 'same' } as const;
const cases: { name: string; shapes: number[][]; op: Op; half: string[] }[] = [
  {
    name: 'dense',
    shapes: [[6, 32], [8, 32], [8]],
    op: dense,
    half: ['value', 'gradient-0', 'gradient-1'], // and not the bias's gradient, which is a sum
  },
  {
    name: 'matMul',
    shapes: [
      [6, 32],
      [32, 8],
    ],
    op: (x, y) => tf.matMul(x, y),
    half: ['value', 'gradient-0', 'gradient-1'],
  },
  {
    name: 'attention',
    shapes: [
      [2, 3, 4, 20],
      [2, 3, 4, 20],
      [2, 3, 4, 20],
    ],
    op: (q, k, v) => attention(q, k, v, padding(), noDropout),
    half: ['value', 'gradient-1', 'gradient-2'],
  },
  {
    name: 'conv2d',
    shapes: [
      [2, 8, 8, 3],
      [3, 3, 3, 4],
    ],
    op: (x, filter) => tf.relu(tf.conv2d(tf.abs(x) as never, tf.abs(filter) as never, conv.strides, conv.pad)),
    half: ['value', 'gradient-0', 'gradient-1'],
  },
  {
    name: 'depthwiseConv2d',
    shapes: [
      [2, 8, 8, 3],
      [3, 3, 3, 2],
    ],
    op: (x, filter) => tf.depthwiseConv2d(x as never, filter as never, conv.strides, conv.pad),
    half: ['value', 'gradient-0', 'gradient-1'],
  },
];

test.each(cases)(
  '$name in bf16 is that in float32 to 2 %, in bfloat16 where it is a product',
  ({ shapes, op, half }) => {
    const [expected, found] = [compiled('float32', shapes, op), compiled('bf16', shapes, op)];
    for (const [name, { length }] of Object.entries(expected)) {
      const scale = Math.max(...expected[name]!.map(Math.abs));
      const worst = Math.max(...found[name]!.map((value, i) => Math.abs(value - expected[name]![i]!)));
      expect(found[name], name).toHaveLength(length);
      expect(worst / scale, name).toBeLessThan(0.02);
      expect(isHalf(found[name]!), name).toBe(half.includes(name));
      expect(isHalf(expected[name]!), name).toBe(false);
    }
  },
);

test('tf32 traces the graph of float32: what differs is the process', () => {
  const [, { shapes, op }] = cases as [unknown, (typeof cases)[0]];
  expect(compiled('tf32', shapes, op)).toEqual(compiled('float32', shapes, op));
  expect(precisionEnvironment('tf32')).toEqual({ NVIDIA_TF32_OVERRIDE: '1' });
  expect(precisionEnvironment('float32')).toEqual({ NVIDIA_TF32_OVERRIDE: '0' });
});

test('a precision is refused where the device has no unit for it', () => {
  expect(precisionProblem('tf32', 'cpu', ['avx512_bf16'])).toBe(
    'precision tf32 is of NVIDIA GPUs, and this device is a CPU: use bf16 or float32',
  );
  expect(precisionProblem('bf16', 'cpu', ['avx2', 'avx512f'])).toBe(
    'precision bf16 needs a CPU with bfloat16 products (one of the flags avx512_bf16, amx_bf16, bf16), and this one has none: use float32',
  );
  for (const flag of ['avx512_bf16', 'amx_bf16', 'bf16']) expect(precisionProblem('bf16', 'cpu', [flag])).toBeNull();
  expect(precisionProblem('float32', 'cpu', [])).toBeNull();
  for (const precision of ['float32', 'bf16', 'tf32'] as const)
    expect(precisionProblem(precision, 'gpu', [])).toBeNull();
});

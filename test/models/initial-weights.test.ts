import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { initialWeights } from '../../training/initial-weights.js';

const values = (name: string, shape: readonly number[], seed = 7, range = 0.02) =>
  initialWeights({ name, shape }, range, seed);
const deviation = (of: Float32Array): number =>
  Math.sqrt(of.reduce((sum, value) => sum + value * value, 0) / of.length);
const all = (of: Float32Array, value: number): boolean => of.every((one) => one === value);

test('the head has the bits that it had before there were other new tensors', () => {
  const digest = createHash('sha256')
    .update(values('head.weight', [21, 384]))
    .digest('hex');
  expect(digest).toBe('136aabb2183fafa2ff2629b77a2befe6d2b007060867ec1f6f7c667d5937ca52');
  expect(all(values('head.bias', [21]), 0)).toBe(true);
});

test('matrices are normal, cut at two deviations; gains are 1 and biases 0', () => {
  const matrix = values('encoder.layer.0.output.dense.weight', [64, 256]);
  // 0.88 is the deviation of a standard normal variable cut at two.
  expect(deviation(matrix) / 0.02).toBeCloseTo(0.88, 1);
  expect(Math.max(...matrix.map(Math.abs))).toBeLessThanOrEqual(0.04);
  expect(all(values('embeddings.LayerNorm.weight', [32]), 1)).toBe(true);
  for (const name of ['embeddings.LayerNorm.bias', 'bias', 'LayerNorm.beta', 'attn.in_proj_bias']) {
    expect(all(values(name, [32]), 0), name).toBe(true);
  }
});

test('kernels are as He has them, by their fan-in; a depthwise one counts its own window', () => {
  expect(deviation(values('conv.weight', [32, 16, 3, 3])) / (0.88 * Math.sqrt(2 / (16 * 9)))).toBeCloseTo(1, 1);
  expect(deviation(values('depthwise.weight', [512, 1, 3, 3])) / (0.88 * Math.sqrt(2 / 9))).toBeCloseTo(1, 1);
});

test('statistics begin as those of a standard normal variable', () => {
  const statistic = (name: string) => initialWeights({ name, shape: [4], kind: 'statistic' }, 0.02, 7);
  expect(all(statistic('bn.running_mean'), 0)).toBe(true);
  expect(all(statistic('bn.running_var'), 1)).toBe(true);
  expect(all(statistic('bn.moving_variance'), 1)).toBe(true);
});

test('values are a function of seed and name', () => {
  const shape = [4, 8];
  expect(values('a.weight', shape)).toEqual(values('a.weight', shape));
  expect(values('a.weight', shape)).not.toEqual(values('b.weight', shape));
  expect(values('a.weight', shape)).not.toEqual(values('a.weight', shape, 8));
  expect(values('lora.A/a.weight', shape)).not.toEqual(values('lora.A/b.weight', shape));
});

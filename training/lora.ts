/**
 * Low-rank adaptation (Hu et al., 2021): a frozen matrix W (out, in) counts as W + (alpha / rank) · B · A. The base and W keep
 * their values; A (rank, in) and B (out, rank) train. B begins as zeros, so that training begins at the base model.
 */
import type { AdapterSpec } from '../models/adapters.js';
import type { Job } from '../job/schema.js';
import type { Adapter, Model, Parameters } from './model.js';
import { matMul } from './ops/direct.js';
import { withGradient } from './ops/custom-gradient.js';
import { tf, type Tensor } from './tensorflow.js';

type Lora = Pick<NonNullable<Job['lora']>, 'rank' | 'alpha'>;

export const scaleOf = ({ alpha, rank }: Lora): number => alpha / rank;

/** The model with adapters: their tensors stand between base and head. */
export function withLora(model: Model, adapters: readonly AdapterSpec[], lora: Lora): Model {
  const scale = scaleOf(lora);
  const byTensor = new Map(adapters.map((adapter) => [adapter.tensor, adapter]));
  const adapted = (parameters: Parameters): Parameters => {
    const adapter = (name: string): Adapter | undefined => {
      const spec = byTensor.get(name);
      if (spec === undefined) return undefined;
      return { weight: parameters(name), a: parameters(spec.a.name), b: parameters(spec.b.name), scale };
    };
    const lookUp = (name: string): Tensor => {
      const parts = adapter(name);
      return parts === undefined ? parameters(name) : sumOf(parts);
    };
    return Object.assign(lookUp, { adapter });
  };
  const isHead = ({ name }: { name: string }) => name.startsWith('head.');
  return {
    tensors: [
      ...model.tensors.filter((tensor) => !isHead(tensor)),
      ...adapters.flatMap(({ a, b }) => [a, b]),
      ...model.tensors.filter(isHead),
    ],
    inputs: (rows, bucket) => model.inputs(rows, bucket),
    features: (parameters, inputs, pass) => model.features(adapted(parameters), inputs, pass),
    outputs: (parameters, features, inputs, pass) => model.outputs(adapted(parameters), features, inputs, pass),
  };
}

/** weight + scale · b · a, for layers that do not ask for the parts. */
const sumOf = ({ weight, a, b, scale }: Adapter): Tensor =>
  withGradient([weight, a, b], (weight, a, b) => ({
    value: tf.add(weight!, tf.mul(matMul(b!, a!), scale)),
    saved: [a!, b!],
    backward(dy, [a, b]) {
      const scaled = tf.mul(dy, scale);
      return [dy, matMul(b!, scaled, true, false), matMul(scaled, a!, false, true)];
    },
  }));

/**
 * Reads the tensors of the adapted base as one model without adapters: matrices that have one as W + scale · B · A, rounded
 * once, all others as they are. For publishing.
 */
export function mergedWeights(
  adapters: readonly AdapterSpec[],
  lora: Lora,
  read: (name: string) => Float32Array,
): (name: string) => Float32Array {
  const byTensor = new Map(adapters.map((adapter) => [adapter.tensor, adapter]));
  return (name) => {
    const spec = byTensor.get(name);
    if (spec === undefined) return read(name);
    return merged(read(name), read(spec.a.name), read(spec.b.name), lora);
  };
}

function merged(weight: Float32Array, a: Float32Array, b: Float32Array, lora: Lora): Float32Array {
  const { rank } = lora;
  const [columns, scale] = [a.length / rank, scaleOf(lora)];
  const sum = new Float32Array(weight.length);
  const row = new Float64Array(columns);
  for (let start = 0, out = 0; start < weight.length; start += columns, out++) {
    row.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = scale * b[out * rank + r]!;
      for (let i = 0; i < columns; i++) row[i]! += factor * a[r * columns + i]!;
    }
    for (let i = 0; i < columns; i++) sum[start + i] = weight[start + i]! + row[i]!;
  }
  return sum;
}

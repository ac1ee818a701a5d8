import { adaptedTensor, isAdapterA } from '../models/adapters.js';
import { elementsOf } from '../models/safetensors-header.js';
import type { InitialValues } from '../models/families/family.js';
import type { TensorSpec } from '../models/tensor-spec.js';
import { draw, truncatedNormal } from './counter-random.js';

/** Stream of the head's own matrix; epochs use the small numbers (batches.ts). */
const HEAD_STREAM = 0x68656164;

/**
 * First values of a tensor that no file holds: a head, an adapter, or any tensor where the run begins untrained. They are a
 * function of the seed and the tensor's name and shape alone. Matrices, embeddings and tokens of their own come from a normal
 * distribution of deviation `range`, cut at two of them, as BERT's; convolutions (four axes) as He et al. (2015) have it;
 * gains are 1, biases 0. Adapters begin as in peft: A uniform within 1 / √in, B zero.
 */
export function initialWeights(spec: TensorSpec, range: number, seed: number, rule?: InitialValues): Float32Array {
  const { name, shape, kind, initial } = spec;
  if (rule) return initialTensor(name, shape, rule, seed);
  if (initial === 'zeros' || initial === 'ones') return constant(shape, initial === 'ones' ? 1 : 0);
  if (initial !== undefined) return initialTensor(name, shape, { std: initial }, seed);
  const count = elementsOf(shape);
  if (adaptedTensor(name) !== null) {
    return isAdapterA(name) ? uniform(count, 1 / Math.sqrt(shape[1]!), seed, streamOf(name)) : new Float32Array(count);
  }
  if (kind === 'statistic') return new Float32Array(count).fill(/var(?:iance)?$/.test(name) ? 1 : 0);
  if (shape.length < 2) return new Float32Array(count).fill(isBias(name) ? 0 : 1);
  if (shape.length === 4) return truncatedNormal(count, heDeviation(shape), seed, streamOf(name));
  return truncatedNormal(count, range, seed, streamOf(name));
}

const constant = (shape: readonly number[], value: number): Float32Array =>
  new Float32Array(elementsOf(shape)).fill(value);

const isBias = (name: string): boolean => /(?:^|[._])(?:bias|beta)$/.test(name);

/** √(2 / fan-in) of a kernel (out, in, height, width), for layers that a ReLU follows. */
const heDeviation = (shape: readonly number[]): number => Math.sqrt(2 / elementsOf(shape.slice(1)));

function uniform(count: number, bound: number, seed: number, stream: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => (draw(seed, stream, i) / 2 ** 31 - 1) * bound);
}

/** The first values of a tensor by its family's rule: a function of the rule, the run's seed and the tensor's name alone. */
export function initialTensor(name: string, shape: readonly number[], rule: InitialValues, seed: number): Float32Array {
  const count = elementsOf(shape);
  if ('constant' in rule) return new Float32Array(count).fill(rule.constant);
  return truncatedNormal(count, rule.std, seed, streamOf(name));
}

/** FNV-1a of the name (Fowler, Noll & Vo): a stream for each tensor. The head's matrix keeps the one it always had. */
export function streamOf(name: string): number {
  if (name === 'head.weight') return HEAD_STREAM;
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

import type { InitialValues } from '../models/families/image-family.js';
import { truncatedNormal } from './counter-random.js';

/** The first values of a tensor by its family's rule: a function of the rule, the run's seed and the tensor's name alone. */
export function initialTensor(name: string, shape: readonly number[], rule: InitialValues, seed: number): Float32Array {
  const count = shape.reduce((product, size) => product * size, 1);
  if ('constant' in rule) return new Float32Array(count).fill(rule.constant);
  return truncatedNormal(count, rule.std, seed, streamOf(name));
}

/** 32-bit FNV-1a of the name: every tensor draws from a stream of its own. */
export function streamOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

import { createHash } from 'node:crypto';
import { nearest, quotedList } from '../job/nearest.js';
import type { Job } from '../job/schema.js';
import type { Sha256 } from '../workflows/contract.js';
import type { TensorSpec } from './bert-layout.js';
import { ModelError } from './model-error.js';
import { elementsOf } from './safetensors-header.js';

/** Which tensors train; names sorted by code units. */
export interface FrozenLayout {
  readonly trainable: readonly string[];
  readonly frozen: readonly string[];
  readonly trainableParameters: number;
  readonly frozenParameters: number;
  /** SHA-256 of the trainable names, a newline after each. */
  readonly digest: Sha256;
}

/**
 * Works out a job's `freeze` for the tensors of its model, head included.
 * @throws ModelError for a pattern that matches no tensor, and when nothing is left to train.
 */
export function resolveFreeze(freeze: Job['freeze'], tensors: readonly TensorSpec[]): FrozenLayout {
  const trains = trainsBy(freeze, tensors);
  const trainable = tensors.filter(({ name }) => trains(name));
  const frozen = tensors.filter(({ name }) => !trains(name));
  if (trainable.length === 0) {
    throw new ModelError(
      'freeze: every tensor is frozen, expected at least one to train: leave `head` out of the patterns',
    );
  }
  const names = namesOf(trainable);
  const digest = createHash('sha256');
  for (const name of names) digest.update(`${name}\n`);
  return {
    trainable: names,
    frozen: namesOf(frozen),
    trainableParameters: parametersOf(trainable),
    frozenParameters: parametersOf(frozen),
    digest: digest.digest('hex') as Sha256,
  };
}

function trainsBy(freeze: Job['freeze'], tensors: readonly TensorSpec[]): (name: string) => boolean {
  if (freeze === 'none') return () => true;
  if (freeze === 'all') return (name) => name.startsWith('head.');
  const key = 'train' in freeze ? 'train' : 'freeze';
  const patterns = 'train' in freeze ? freeze.train : freeze.freeze;
  const expressions = patterns.map((pattern, index) => {
    const expression = new RegExp(`^(?:${pattern})`, 'u');
    if (!tensors.some(({ name }) => expression.test(name))) throw noMatch(`freeze.${key}[${index}]`, pattern, tensors);
    return expression;
  });
  return (name) => expressions.some((expression) => expression.test(name)) === (key === 'train');
}

function noMatch(path: string, pattern: string, tensors: readonly TensorSpec[]): ModelError {
  const prefixes = new Set(tensors.flatMap(({ name }) => prefixesOf(name)));
  const near = nearest(pattern, prefixes);
  const tops = [...new Set(tensors.map(({ name }) => name.split('.')[0]!))].sort();
  const advice = near === null ? `names begin with ${quotedList(tops, 'or')}` : `did you mean \`${near}\`?`;
  return new ModelError(`${path}: the pattern "${pattern}" matches the start of no tensor name; ${advice}`);
}

/** `a.b.c` -> `a`, `a.b`, `a.b.c` */
const prefixesOf = (name: string): string[] =>
  name.split('.').map((_, index, parts) => parts.slice(0, index + 1).join('.'));
const namesOf = (tensors: readonly TensorSpec[]): string[] => tensors.map(({ name }) => name).sort();
const parametersOf = (tensors: readonly TensorSpec[]): number =>
  tensors.reduce((sum, { shape }) => sum + elementsOf(shape), 0);

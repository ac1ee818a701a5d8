import { createHash } from 'node:crypto';
import type { Job } from '../job/schema.js';
import type { Sha256 } from '../workflows/contract.js';
import { ModelError } from './model-error.js';
import { matcher } from './name-patterns.js';
import { elementsOf } from './safetensors-header.js';
import type { TensorSpec } from './tensor-spec.js';

/** Tensors that train from an epoch on, until the next phase begins; names sorted by code units. */
export interface Phase {
  /** Counts from 0. */
  readonly fromEpoch: number;
  readonly trainable: readonly string[];
}

/** Which tensors train; names sorted by code units. */
export interface FrozenLayout {
  /** All that ever train. */
  readonly trainable: readonly string[];
  /** Never train. */
  readonly frozen: readonly string[];
  /** Neither: they are what training has seen. */
  readonly statistics: readonly string[];
  readonly trainableParameters: number;
  readonly frozenParameters: number;
  /** SHA-256 of the trainable names, a newline after each. */
  readonly digest: Sha256;
  /** One, or more for gradual unfreezing. */
  readonly phases: readonly Phase[];
}

/** How a model's base falls into blocks, and for how many epochs it trains. */
export interface Blocks {
  readonly count: number;
  /** -1 before the first, `count` after the last. */
  readonly blockOf: (name: string) => number;
  readonly epochs: number;
}

const noBlocks: Blocks = { count: 0, blockOf: () => -1, epochs: 1 };

/**
 * Works out a job's `freeze` for the tensors of its model, head included.
 * @throws ModelError for a pattern that matches no tensor, for more blocks than there are, and when nothing is left to train.
 */
export function resolveFreeze(
  freeze: Job['freeze'],
  tensors: readonly TensorSpec[],
  blocks: Blocks = noBlocks,
): FrozenLayout {
  const weights = tensors.filter(({ kind }) => kind !== 'statistic');
  const phases = phasesOf(freeze, weights, blocks).map(({ fromEpoch, trains }) => {
    const trainable = namesOf(weights.filter(({ name }) => trains(name)));
    return { fromEpoch, trainable };
  });
  return layoutOf(tensors, phases);
}

/** The layout of these phases. @throws ModelError when nothing ever trains. */
export function layoutOf(tensors: readonly TensorSpec[], phases: readonly Phase[]): FrozenLayout {
  const ever = new Set(phases.flatMap(({ trainable }) => trainable));
  if (ever.size === 0) {
    throw new ModelError(
      'freeze: every tensor is frozen, expected at least one to train: leave `head` out of the patterns',
    );
  }
  const statistics = tensors.filter(({ kind }) => kind === 'statistic');
  const trainable = tensors.filter(({ name }) => ever.has(name));
  const frozen = tensors.filter(({ name, kind }) => kind !== 'statistic' && !ever.has(name));
  const names = namesOf(trainable);
  const digest = createHash('sha256');
  for (const name of names) digest.update(`${name}\n`);
  return {
    trainable: names,
    frozen: namesOf(frozen),
    statistics: namesOf(statistics),
    trainableParameters: parametersOf(trainable),
    frozenParameters: parametersOf(frozen),
    digest: digest.digest('hex') as Sha256,
    phases,
  };
}

interface TrainsFrom {
  readonly fromEpoch: number;
  readonly trains: (name: string) => boolean;
}

function phasesOf(freeze: Job['freeze'], tensors: readonly TensorSpec[], blocks: Blocks): TrainsFrom[] {
  if (freeze === 'none') return [{ fromEpoch: 0, trains: () => true }];
  if (freeze === 'all') return [{ fromEpoch: 0, trains: isHead }];
  const { count } = blocks;
  if ('lastBlocks' in freeze) {
    if (freeze.lastBlocks > count) {
      const has = count === 0 ? 'none: the model has no blocks' : `at most ${count} (blocks of the model)`;
      throw new ModelError(`freeze.lastBlocks: expected ${has}, found ${freeze.lastBlocks}`);
    }
    return [{ fromEpoch: 0, trains: fromBlock(blocks, count - freeze.lastBlocks) }];
  }
  if ('gradual' in freeze) {
    const { everyEpochs } = freeze.gradual;
    // The head, each block, and what is before the first.
    const phases = Array.from({ length: count + 2 }, (_, thawed) => ({
      fromEpoch: thawed * everyEpochs,
      trains: thawed === 0 ? isHead : fromBlock(blocks, count - thawed),
    }));
    return phases.filter(({ fromEpoch }) => fromEpoch < blocks.epochs);
  }
  const key = 'train' in freeze ? 'train' : 'freeze';
  const matches = matcher(
    'train' in freeze ? freeze.train : freeze.freeze,
    `freeze.${key}`,
    tensors.map(({ name }) => name),
  );
  return [{ fromEpoch: 0, trains: (name) => matches(name) === (key === 'train') }];
}

const isHead = (name: string): boolean => name.startsWith('head.');

/** The head, that block, and all after it. */
const fromBlock =
  ({ blockOf }: Blocks, block: number) =>
  (name: string): boolean =>
    isHead(name) || blockOf(name) >= block;

const namesOf = (tensors: readonly TensorSpec[]): string[] => tensors.map(({ name }) => name).sort();
const parametersOf = (tensors: readonly TensorSpec[]): number =>
  tensors.reduce((sum, { shape }) => sum + elementsOf(shape), 0);

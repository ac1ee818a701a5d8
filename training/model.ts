import type { TensorSpec } from '../models/tensor-spec.js';
import type { InputSpec } from './compile/program.js';
import type { DropoutMasks } from './ops/dropout.js';
import type { Tensor } from './tensorflow.js';

/** Looks a parameter up by its name; an unknown name is a defect of the model and throws. */
export interface Parameters {
  (name: string): Tensor;
  /** The parts of a matrix that has a low-rank adapter, so that `linear` need not form their sum (training/lora.ts). */
  readonly adapter?: (name: string) => Adapter | undefined;
}

/** A matrix `weight` (out, in) counts as weight + scale · b · a. */
export interface Adapter {
  readonly weight: Tensor;
  readonly a: Tensor; // (rank, in)
  readonly b: Tensor; // (out, rank)
  readonly scale: number;
}

/** How one forward pass is run. */
export interface Pass {
  readonly training: boolean;
  readonly dropout: DropoutMasks;
  /** Whether a tensor gets no gradient: a BatchNorm whose gain is frozen uses its running statistics also in training. */
  readonly isFrozen: (name: string) => boolean;
  /**
   * Runs one block of a deep model: its nodes carry `name`, the beginning of the names of all its tensors, and where memory is
   * short nothing of its inside is kept for the backward pass. `body` depends on nothing that trains but those tensors and x.
   */
  readonly block: (name: string, x: Tensor, body: (x: Tensor) => Tensor) => Tensor;
  /** Says what a statistic becomes at the end of the step. */
  readonly update: (statistic: string, value: Tensor) => void;
}

/** The inputs of one batch by name, without targets. */
export type Inputs = Readonly<Record<string, Tensor>>;

/**
 * What a model family has to be for the trainer: its tensors by name, and its forward pass in two parts. The parts meet at the
 * features, so that a base of which nothing trains is run once per example and its features are kept.
 */
export interface Model {
  /** Base, then head. The head's names begin with `head.`. */
  readonly tensors: readonly TensorSpec[];
  /** What a batch of `rows` examples is fed, padded to `bucket` where inputs have a length. */
  inputs(rows: number, bucket: number): Readonly<Record<string, InputSpec>>;
  /** (rows, width), or (rows · bucket, width) where every position has an output. */
  features(parameters: Parameters, inputs: Inputs, pass: Pass): Tensor;
  /** Scores before softmax, or values: (rows, outputs) or (rows · bucket, outputs). */
  outputs(parameters: Parameters, features: Tensor, inputs: Inputs, pass: Pass): Tensor;
}

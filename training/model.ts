import type { TensorSpec } from '../models/bert-layout.js';
import type { DropoutMasks } from './ops/dropout.js';
import type { Tensor } from './tensorflow.js';

/** A padded batch as the graph sees it: ids (rows, length) int32, mask (rows, length) float, 1 where a token is real. */
export interface TokenBatch {
  readonly ids: Tensor;
  readonly mask: Tensor;
}

/** Looks a parameter up by its name; an unknown name is a defect of the model and throws. */
export type Parameters = (name: string) => Tensor;

/** What a model family has to be for the trainer: its tensors by name, and its forward pass. */
export interface ClassifierModel {
  readonly tensors: readonly TensorSpec[];
  /** Longest input in tokens. */
  readonly maxLength: number;
  /** Mean-pooled token vectors (rows, width). */
  encode(parameters: Parameters, batch: TokenBatch, dropout: DropoutMasks): Tensor;
  /** Scores (rows, classes). */
  logits(parameters: Parameters, batch: TokenBatch, dropout: DropoutMasks): Tensor;
}

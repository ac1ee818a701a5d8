import type { Metrics } from '../../workflows/contract.js';
import type { FeedValues } from '../compile/program.js';

/**
 * Collects what a model makes of the examples of one split. They may come in any order: the report, to the last bit of every
 * metric, is a function of the set alone, because the metrics decide which checkpoint is best.
 */
export interface Evaluator {
  /**
   * One example, once. `outputs` are what evaluatedOutputs left of its rows: (outputs), or (length · outputs) where every
   * position has some, or (length) likeliest tokens of a language model. `targets` are its own by the objective's names,
   * `losses` (1) or (length). All may be views of a batch (see rowOf); nothing is kept of them.
   * @throws Error when the example was added before.
   */
  add(
    outputs: Float32Array,
    targets: Readonly<Record<string, FeedValues>>,
    losses: Float32Array,
    example: number,
  ): void;
  finish(): EvaluationReport;
}

export interface ClassFigures {
  /** A class, a tag, or a type of entity. */
  readonly label: string;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly support: number;
  /** One class against the rest; null where all examples have it or none. */
  readonly auroc?: number | null;
  readonly auprc?: number | null;
}

/** An example that the model got wrong; `label` and `predicted` are absent for a language model. */
export interface WorstCase {
  readonly example: number;
  /** Mean over its positions where it has several. */
  readonly loss: number;
  /** The class, the classes, the tag of each position that counts, or the number. */
  readonly label?: string | number | readonly string[];
  readonly predicted?: string | number | readonly string[];
  /** Softmax score of the predicted class. */
  readonly confidence?: number;
}

export interface EvaluationReport {
  /** Those of metricsOf(job, classes), without the ones that this split leaves undefined. */
  readonly metrics: Metrics;
  /** Rows are true classes or tags, columns predicted ones. */
  readonly confusion?: readonly (readonly number[])[];
  readonly perClass?: readonly ClassFigures[];
  /** predicted - target: the value below which the share `q` of them lies. */
  readonly residuals?: readonly { readonly q: number; readonly value: number }[];
  readonly worst: readonly WorstCase[];
  /** How the figures are to be read, where they are not exact. */
  readonly notes: readonly string[];
}

/** The part of a batch's values that belongs to one of its `rows`. */
export function rowOf<Values extends FeedValues>(values: Values, row: number, rows: number): Values {
  const size = values.length / rows;
  return values.subarray(row * size, (row + 1) * size) as Values;
}

/** Leaves out the figures that are null: undefined for this split, unlike NaN, which is a run that diverged. */
export const defined = (figures: Readonly<Record<string, number | null>>): Record<string, number> =>
  Object.fromEntries(Object.entries(figures).filter((entry): entry is [string, number] => entry[1] !== null));

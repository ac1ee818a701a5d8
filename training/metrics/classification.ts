import { figuresOf, macro, ratio, sum, type Counts, type Figures } from './counts.js';

/** Rows are true classes, columns predicted ones. */
export type Confusion = readonly (readonly number[])[];

export const countsOf = (confusion: Confusion): Counts[] =>
  confusion.map((row, i) => ({
    hits: row[i]!,
    predicted: sum(confusion.map((other) => other[i]!)),
    support: sum(row),
  }));

export const accuracyOf = (confusion: Confusion): number =>
  ratio(sum(confusion.map((row, i) => row[i]!)), sum(confusion.map(sum)));

/** The classes that means are taken over: those that occur or are predicted, as in scikit-learn. */
export const seen = (classes: readonly Counts[]): Counts[] =>
  classes.filter(({ predicted, support }) => predicted + support > 0);

/** Figures of a classifier over one split. */
export interface ClassificationReport {
  readonly loss: number;
  readonly accuracy: number;
  readonly f1: number;
  readonly examples: number;
  readonly confusion: Confusion;
  readonly perClass: readonly (Figures & { support: number })[];
}

export function classificationReport(confusion: Confusion, totalLoss: number): ClassificationReport {
  const examples = sum(confusion.map(sum));
  const counts = countsOf(confusion);
  return {
    loss: ratio(totalLoss, examples),
    accuracy: accuracyOf(confusion),
    f1: macro(seen(counts)).f1,
    examples,
    confusion,
    perClass: counts.map((count) => ({ ...figuresOf(count), support: count.support })),
  };
}

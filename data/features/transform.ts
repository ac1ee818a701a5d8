/**
 * From the cells of a row to a vector: scaled numbers, then an indicator for each column of numbers that had gaps when the
 * transform was fitted (1 where the cell is empty), then one place for each category. It is data: the manifest holds it, and
 * `predict` applies it to new rows.
 */
import { z } from 'zod';
import { isMissing, numberOf } from '../cells.js';
import { DataError } from '../data-error.js';

export const featureTransformSchema = z.object({
  numeric: z.array(
    z.object({
      column: z.string(),
      /** Stands in for an empty cell: the mean, or what data.clean.missing says. */
      mean: z.number(),
      /** An input is (number - offset) / divisor. */
      offset: z.number(),
      divisor: z.number(),
      /** An input says where the cell is empty. */
      hasGaps: z.boolean(),
      /** Numbers outside are brought to these; absent: none is. */
      low: z.number().optional(),
      high: z.number().optional(),
    }),
  ),
  categorical: z.array(
    z.object({
      column: z.string(),
      /** Sorted by code units; the empty text is a missing cell, where the training rows had one. */
      categories: z.array(z.string()),
      /** Stands in for an empty cell; absent: that is a category like the others. */
      fill: z.string().optional(),
    }),
  ),
});

export type FeatureTransform = z.infer<typeof featureTransformSchema>;

export const widthOf = ({ numeric, categorical }: FeatureTransform): number =>
  numeric.length +
  numeric.filter(({ hasGaps }) => hasGaps).length +
  categorical.reduce((sum, { categories }) => sum + categories.length, 0);

/** What each input is, in order: `age`, `age is missing`, `job = clerk`. */
export const featureNames = ({ numeric, categorical }: FeatureTransform): string[] => [
  ...numeric.map(({ column }) => column),
  ...numeric.filter(({ hasGaps }) => hasGaps).map(({ column }) => `${column} is missing`),
  ...categorical.flatMap(({ column, categories }) =>
    categories.map((category) => (category === '' ? `${column} is missing` : `${column} = ${category}`)),
  ),
];

export interface FeatureVector {
  readonly values: Float32Array; // (width)
  /** Categories that no training row had: all their places are 0. */
  readonly unseen: number;
}

/** @throws DataError naming the place for a cell that is no number where numbers are expected. */
export function featureVector(
  transform: FeatureTransform,
  cells: Readonly<Record<string, unknown>>,
  place: string,
): FeatureVector {
  const values = new Float32Array(widthOf(transform));
  let at = 0;
  for (const { column, mean, offset, divisor, ...limits } of transform.numeric) {
    const value = cells[column];
    const number = isMissing(value)
      ? mean
      : clipped(numberOf({ value, column, place }, 'leave the cell empty where there is none'), limits);
    values[at] = (number - offset) / divisor;
    if (!Number.isFinite(values[at])) {
      throw new DataError(`${place}: expected a number that a float32 holds in column \`${column}\`, found ${number}`);
    }
    at++;
  }
  for (const { column, hasGaps } of transform.numeric) if (hasGaps) values[at++] = isMissing(cells[column]) ? 1 : 0;
  let unseen = 0;
  for (const { column, categories, fill = '' } of transform.categorical) {
    const index = categories.indexOf(categoryOf(cells[column]) || fill);
    if (index === -1) unseen++;
    else values[at + index] = 1;
    at += categories.length;
  }
  return { values, unseen };
}

/** A cell as a category; an empty one is the empty text. */
export const categoryOf = (value: unknown): string => (isMissing(value) ? '' : String(value));

/** A number within its limits. */
export const clipped = (
  value: number,
  { low = -Infinity, high = Infinity }: { readonly low?: number | undefined; readonly high?: number | undefined } = {},
): number => Math.min(high, Math.max(low, value));

import type { InputSpec } from '../compile/program.js';

/** Targets of one class an output row: a row a position where `perPosition`. A class must be valid also where it weighs 0. */
export const classTargets =
  (perPosition: boolean) =>
  (rows: number, bucket: number): Record<'labels' | 'weights', InputSpec> => {
    const shape = [perPosition ? rows * bucket : rows];
    return { labels: { shape, dtype: 'int32' }, weights: { shape, dtype: 'float32' } };
  };

/** Targets of any number of classes a row: 1 for those it has, 0 for the others. */
export const multiLabelTargets =
  (classes: number) =>
  (rows: number): Record<'labels' | 'weights', InputSpec> => ({
    labels: { shape: [rows, classes], dtype: 'float32' },
    weights: { shape: [rows], dtype: 'float32' },
  });

/** Targets of one number a row. */
export const valueTargets = (rows: number): Record<'values' | 'weights', InputSpec> => ({
  values: { shape: [rows], dtype: 'float32' },
  weights: { shape: [rows], dtype: 'float32' },
});

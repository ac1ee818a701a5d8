import type { Lists } from '../../data/shards.js';
import type { FeedValues } from '../compile/program.js';

/** What is learnt of each example as a whole. */
export type RowTargets =
  | { readonly kind: 'class'; readonly labels: Int32Array }
  /** Classes of each example, in a list. */
  | { readonly kind: 'classes'; readonly lists: Lists; readonly classes: number }
  | { readonly kind: 'value'; readonly values: Float32Array };

export const countOfTargets = (targets: RowTargets): number =>
  targets.kind === 'class'
    ? targets.labels.length
    : targets.kind === 'value'
      ? targets.values.length
      : targets.lists.offsets.length - 1;

/** The class of each, where there is one. */
export const classesOfTargets = (targets: { readonly kind: string } | RowTargets): Int32Array | undefined =>
  'labels' in targets ? targets.labels : undefined;

/**
 * Targets of these examples, and `weights` (rows): 1 for an example, 0 for a row that fills up the batch. class: `labels`
 * int32 (rows). classes: `labels` float32 (rows, classes) of ones and zeros. value: `values` float32 (rows).
 */
export function gatherTargets(targets: RowTargets, examples: Int32Array, rows: number): Record<string, FeedValues> {
  const weights = new Float32Array(rows).fill(1, 0, examples.length);
  switch (targets.kind) {
    case 'class': {
      const labels = new Int32Array(rows);
      examples.forEach((example, row) => (labels[row] = targets.labels[example]!));
      return { labels, weights };
    }
    case 'value': {
      const values = new Float32Array(rows);
      examples.forEach((example, row) => (values[row] = targets.values[example]!));
      return { values, weights };
    }
    case 'classes': {
      const { lists, classes } = targets;
      const labels = new Float32Array(rows * classes);
      examples.forEach((example, row) => {
        for (let i = lists.offsets[example]!; i < lists.offsets[example + 1]!; i++) {
          labels[row * classes + lists.values[i]!] = 1;
        }
      });
      return { labels, weights };
    }
  }
}

/** Targets for examples of which only the model's answer is wanted. */
export function blankTargets(kind: RowTargets['kind'], count: number, classes: number): RowTargets {
  switch (kind) {
    case 'class':
      return { kind, labels: new Int32Array(count) };
    case 'classes':
      return { kind, lists: { values: new Int32Array(0), offsets: new Int32Array(count + 1) }, classes };
    case 'value':
      return { kind, values: new Float32Array(count) };
  }
}

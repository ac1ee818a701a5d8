import type { Job } from '../job/schema.js';

/** What kind of inputs a prepared data set holds. */
export type DatasetKind = 'tokens' | 'images' | 'features';

/**
 * What is learnt of an example: one class, any number of classes, a tag for each word, a number, or the token that
 * follows each token.
 */
export type Target = 'class' | 'classes' | 'tags' | 'value' | 'next';

export function kindOf({ task }: Pick<Job, 'task'>): DatasetKind {
  switch (task) {
    case 'text-classification':
    case 'token-classification':
    case 'causal-lm':
      return 'tokens';
    case 'image-classification':
      return 'images';
    case 'tabular-classification':
    case 'tabular-regression':
      return 'features';
  }
}

export function targetOf({ task, data }: Pick<Job, 'task' | 'data'>): Target {
  switch (task) {
    case 'token-classification':
      return 'tags';
    case 'causal-lm':
      return 'next';
    case 'tabular-regression':
      return 'value';
    case 'text-classification':
      return data.multiLabel ? 'classes' : 'class';
    case 'image-classification':
    case 'tabular-classification':
      return 'class';
  }
}

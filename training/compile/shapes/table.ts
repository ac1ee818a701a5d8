import { arrangement } from './arrangement.js';
import { elementwise } from './elementwise.js';
import { images } from './images.js';
import { indexing } from './indexing.js';
import { products } from './products.js';
import { reductions } from './reductions.js';
import type { Rules } from './rule.js';
import { slices } from './slices.js';
import { sources } from './sources.js';

/** Every op whose outputs are known without running it. */
export const shapeRules: Rules = {
  ...elementwise,
  ...products,
  ...reductions,
  ...arrangement,
  ...slices,
  ...indexing,
  ...sources,
  ...images,
};

/** Ops whose output's shape depends on values: a graph of fixed shapes cannot hold them. */
export const valueShaped: ReadonlySet<string> = new Set([
  'Where',
  'Unique',
  'UniqueV2',
  'NonMaxSuppressionV3',
  'NonMaxSuppressionV4',
  'NonMaxSuppressionV5',
]);

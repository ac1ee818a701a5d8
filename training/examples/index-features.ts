import { indexShards } from '../../data/shard-index.js';
import type { KeptFeatures } from './kept-features.js';

/** @throws when there are not as many as examples. */
export function indexFeatures(paths: readonly string[], width: number, count: number): KeptFeatures {
  const index = indexShards(paths, { stored: ['features'], held: [] });
  const found = index.stored['features']!.width!;
  if (index.rows !== count) throw new Error(`${index.rows} kept features for ${count} examples`);
  if (count > 0 && found !== 4 * width) throw new Error(`kept features of ${found / 4} values, expected ${width}`);
  return { index, width };
}

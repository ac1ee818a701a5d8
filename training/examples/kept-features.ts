import { indexShards, type ShardIndex } from '../../data/shard-index.js';
import { shardRows } from '../../data/shard-rows.js';
import type { Examples } from './examples.js';
import type { StoredExamples } from './open-examples.js';
import { storedVectors } from './vector-column.js';

/** Kept features of one split, in the order of its rows. Can be sent to a thread as it is. */
export interface KeptFeatures {
  readonly index: ShardIndex;
  readonly width: number;
}

/** @throws when there are not as many as examples. */
export function indexFeatures(paths: readonly string[], width: number, count: number): KeptFeatures {
  const index = indexShards(paths, { stored: ['features'], held: [] });
  const found = index.stored['features']!.width!;
  if (index.rows !== count) throw new Error(`${index.rows} kept features for ${count} examples`);
  if (count > 0 && found !== 4 * width) throw new Error(`kept features of ${found / 4} values, expected ${width}`);
  return { index, width };
}

/**
 * Examples whose inputs are what a frozen base made of them: `features` (rows, width), read from their shards. They keep their
 * lengths, so that an epoch has the same batches as it would have with the base. Closing them leaves `examples` open.
 */
export function withFeatures(examples: Examples, { index, width }: KeptFeatures): StoredExamples {
  const stored = shardRows(index);
  const vectors = storedVectors(stored, 'features', width);
  return {
    count: examples.count,
    lengthOf: (example) => examples.lengthOf(example),
    classes: examples.classes,
    bucketFor: () => 1,
    gather(chosen, rows) {
      const features = new Float32Array(rows * width);
      chosen.forEach((example, row) => vectors.read(example, features.subarray(row * width, (row + 1) * width)));
      return { features, ...examples.targets(chosen, rows, 1) };
    },
    targets: (chosen, rows, bucket) => examples.targets(chosen, rows, bucket),
    close: () => stored.close(),
  };
}

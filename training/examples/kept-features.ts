import type { ShardIndex } from '../../data/shard-index.js';
import { shardRows } from '../../data/shard-rows.js';
import type { Examples } from './examples.js';
import type { StoredExamples } from './stored-examples.js';
import { storedVectors } from './vector-column.js';

/** Kept features of one split, in the order of its rows. Can be sent to a thread as it is. */
export interface KeptFeatures {
  readonly index: ShardIndex;
  readonly width: number;
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

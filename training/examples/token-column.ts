import type { ShardIndex } from '../../data/shard-index.js';
import type { ShardRows } from '../../data/shard-rows.js';
import type { Lists } from '../../data/shards.js';

/** An int32 for each token of each example. */
export interface TokenColumn {
  readonly count: number;
  lengthOf(example: number): number;
  /** Writes those of an example into `into`, which has as many. */
  read(example: number, into: Int32Array): void;
}

export const heldTokens = ({ values, offsets }: Lists): TokenColumn => ({
  count: offsets.length - 1,
  lengthOf: (example) => offsets[example + 1]! - offsets[example]!,
  read: (example, into) => into.set(values.subarray(offsets[example], offsets[example + 1])),
});

/** Tokens that stay in their files. */
export function storedTokens(index: ShardIndex, rows: ShardRows, name: string): TokenColumn {
  const lengths = index.stored[name]!.lengths ?? new Int32Array(0);
  return {
    count: index.rows,
    lengthOf: (example) => lengths[example]!,
    read: (example, into) => rows.read(name, example, new Uint8Array(into.buffer, into.byteOffset, into.byteLength)),
  };
}

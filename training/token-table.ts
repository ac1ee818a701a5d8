import type { Shard } from '../data/shards.js';
import type { TokenTable } from './batches.js';
import { joinInts, joinLists } from './examples/join.js';

/** Shards of one split as one table; the only shard's arrays are used as they are. */
export function joinTables(shards: readonly Shard[]): TokenTable {
  const { values, offsets } = joinLists(shards.map(({ tokens }) => tokens));
  return { tokens: values, offsets, labels: joinInts(shards.map(({ labels }) => labels)) };
}

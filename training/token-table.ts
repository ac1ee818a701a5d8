import type { Shard } from '../data/shards.js';
import type { TokenTable } from './batches.js';

/** Shards of one split as one table; the only shard's arrays are used as they are. */
export function joinTables(shards: readonly Shard[]): TokenTable {
  const [first] = shards;
  if (first && shards.length === 1)
    return { tokens: first.tokens.values, offsets: first.tokens.offsets, labels: first.labels };
  const rows = shards.reduce((sum, shard) => sum + shard.rows, 0);
  const tokens = new Int32Array(shards.reduce((sum, shard) => sum + shard.tokens.values.length, 0));
  const offsets = new Int32Array(rows + 1);
  const labels = new Int32Array(rows);
  let [row, token] = [0, 0];
  for (const shard of shards) {
    tokens.set(shard.tokens.values, token);
    for (let i = 0; i <= shard.rows; i++) offsets[row + i] = token + shard.tokens.offsets[i]!;
    labels.set(shard.labels, row);
    row += shard.rows;
    token += shard.tokens.values.length;
  }
  return { tokens, offsets, labels };
}

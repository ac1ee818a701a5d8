import { openFiles } from './open-files.js';
import type { ShardIndex } from './shard-index.js';

/** Reads rows of shards from their files. The system's page cache makes the second epoch fast. */
export interface ShardRows {
  /** Writes the bytes of a row into `into`, which has just as many. */
  read(column: string, row: number, into: Uint8Array): void;
  close(): void;
}

export function shardRows(index: ShardIndex): ShardRows {
  const files = openFiles();
  const { firstRows, stored, paths } = index;

  /** The last batch that begins at or before the row. */
  function batchOf(row: number): number {
    let [low, high] = [0, firstRows.length - 2];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (firstRows[middle]! <= row) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  return {
    read(column, row, into) {
      const { starts, width, lengths } = stored[column]!;
      const batch = batchOf(row);
      const first = firstRows[batch]!;
      let at = starts[batch]!;
      if (lengths === null) at += (row - first) * width!;
      else for (let i = first; i < row; i++) at += 4 * lengths[i]!; // of a thousand rows at most
      files.read(paths[index.files[batch]!]!, at, into);
    },
    close: () => files.close(),
  };
}

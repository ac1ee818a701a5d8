import type { ManifestPart } from '../manifest.js';
import type { Example } from '../pick-columns.js';
import type { PreparedRow, ShardColumns } from '../shard-columns.js';

/** Turns the examples of one task into rows of shards. `split` is an index into `splits`; examples of a split come in order. */
export interface Encoder {
  readonly columns: ShardColumns;
  /** Examples that encode() may be called for before the first has ended. */
  readonly atOnce: number;
  encode(example: Example, split: number): Promise<readonly PreparedRow[]>;
  /** Rows that only the end of a split completes. */
  finish(split: number): readonly PreparedRow[];
  /** What the manifest says of this kind of data; to be called after the last row. */
  describe(): ManifestPart;
}

/** Describe the target of a row, by the column that holds it. */
export function targetCells(
  { target }: Example,
  labels: ReadonlyMap<string, number>,
  kind: 'class' | 'classes' | 'value',
) {
  switch (kind) {
    case 'class':
      return { label: labels.get(target.names[0]!)! };
    case 'classes':
      return { labels: Int32Array.from(new Set(target.names.map((name) => labels.get(name)!))).sort() };
    case 'value':
      return { value: target.value };
  }
}

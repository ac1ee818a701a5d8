import type { Example } from '../pick-columns.js';
import type { PreparedRow, ShardColumns } from '../shard-columns.js';
import { splits } from '../split.js';

/** Turns the examples of one task into rows of shards. `split` is an index into `splits`; examples of a split come in order. */
export interface Encoder {
  readonly columns: ShardColumns;
  /** Examples that encode() may be called for before the first has ended. */
  readonly atOnce: number;
  encode(example: Example, split: number): Promise<readonly PreparedRow[]>;
  /** Rows that only the end of a split completes. */
  finish(split: number): readonly PreparedRow[];
  /** What was counted of the rows; to be called after the last. */
  counts(): EncodedCounts;
}

/** counts[what][split]: numbers that add up over parts, place by place. */
export type EncodedCounts = Readonly<Record<string, number[][]>>;

export function addCounts(a: EncodedCounts, b: EncodedCounts): EncodedCounts {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries(
    [...names].map((name) => [name, splits.map((_, split) => added(a[name]?.[split] ?? [], b[name]?.[split] ?? []))]),
  );
}

const added = (a: readonly number[], b: readonly number[]): number[] =>
  Array.from({ length: Math.max(a.length, b.length) }, (_, index) => (a[index] ?? 0) + (b[index] ?? 0));

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

/** Which columns a shard has, and their Arrow types. No column has nulls. */
import { Field, FixedSizeBinary, FixedSizeList, Float32, Int32, List, Schema, Utf8 } from 'apache-arrow';
import type { Target } from './targets.js';

export type ColumnType =
  | { readonly type: 'text' }
  | { readonly type: 'int32' }
  | { readonly type: 'float32' }
  | { readonly type: 'int32-list' }
  | { readonly type: 'bytes'; readonly width: number }
  | { readonly type: 'floats'; readonly width: number };

export type ShardColumns = Readonly<Record<string, ColumnType>>;

export type CellValue = string | number | Int32Array | Uint8Array | Float32Array;

/** One value for each column, by its name. */
export type PreparedRow = Readonly<Record<string, CellValue>>;

/** Of every shard: the row's id, and what a report shows of it. */
const described: ShardColumns = { id: { type: 'text' }, text: { type: 'text' } };

const targets: Record<Target, ShardColumns> = {
  class: { label: { type: 'int32' } },
  classes: { labels: { type: 'int32-list' } },
  tags: { tags: { type: 'int32-list' } },
  value: { value: { type: 'float32' } },
  next: {},
};

/** Tags that do not count: of special tokens, and of all pieces of a word but the first. */
export const NO_TAG = -1;

export const tokenColumns = (target: Target, pairs: boolean): ShardColumns => ({
  ...described,
  tokens: { type: 'int32-list' },
  ...(pairs ? { types: { type: 'int32-list' } } : {}),
  ...targets[target],
});

export const imageColumns = (target: Target, size: number): ShardColumns => ({
  ...described,
  pixels: { type: 'bytes', width: size * size * 3 },
  ...targets[target],
});

export const featureColumns = (target: Target, width: number): ShardColumns => ({
  ...described,
  features: { type: 'floats', width },
  ...targets[target],
});

export const schemaOf = (columns: ShardColumns): Schema =>
  new Schema(Object.entries(columns).map(([name, column]) => new Field(name, arrowType(column))));

function arrowType(column: ColumnType) {
  switch (column.type) {
    case 'text':
      return new Utf8();
    case 'int32':
      return new Int32();
    case 'float32':
      return new Float32();
    case 'int32-list':
      return new List(new Field('item', new Int32()));
    case 'bytes':
      return new FixedSizeBinary(column.width);
    case 'floats':
      return new FixedSizeList(column.width, new Field('item', new Float32()));
  }
}

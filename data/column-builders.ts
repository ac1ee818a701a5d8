/** Collect the values of one Arrow column in flat memory, and hand them over a batch at a time. */
import { Float32, Int32, makeData, type Data, type DataType, type FixedSizeList, type List } from 'apache-arrow';
import { growingArray } from './growing-array.js';
import type { CellValue, ColumnType } from './shard-columns.js';

export interface ColumnBuilder {
  readonly bytes: number;
  push(value: CellValue): void;
  /** What was pushed, as memory of its own; then empty again. */
  take(length: number, type: DataType): Data;
}

export function columnBuilder(column: ColumnType): ColumnBuilder {
  switch (column.type) {
    case 'text':
      return textColumn();
    case 'int32':
      return flatColumn(growingArray((length) => new Int32Array(length)));
    case 'float32':
      return flatColumn(growingArray((length) => new Float32Array(length)));
    case 'int32-list':
      return listColumn();
    case 'bytes':
      return flatColumn(
        growingArray((length) => new Uint8Array(length)),
        column.width,
      );
    case 'floats':
      return vectorColumn(column.width);
  }
}

/** `width` values a row. */
function flatColumn<T extends Int32Array | Float32Array | Uint8Array>(
  values: ReturnType<typeof growingArray<T>>,
  width = 1,
): ColumnBuilder {
  return {
    get bytes() {
      return values.length * values.view().BYTES_PER_ELEMENT;
    },
    push(value) {
      if (typeof value === 'number') values.push(value);
      else values.append(ofWidth(value as Uint8Array, width));
    },
    take(length, type) {
      const data = makeData({ type: type as Int32, length, nullCount: 0, data: values.view().slice() as Int32Array });
      values.clear();
      return data;
    },
  };
}

function vectorColumn(width: number): ColumnBuilder {
  const values = growingArray((length) => new Float32Array(length));
  return {
    get bytes() {
      return 4 * values.length;
    },
    push: (value) => values.append(ofWidth(value as Float32Array, width)),
    take(length, type) {
      const child = makeData({
        type: new Float32(),
        length: length * width,
        nullCount: 0,
        data: values.view().slice(),
      });
      values.clear();
      return makeData({ type: type as FixedSizeList<Float32>, length, nullCount: 0, child });
    },
  };
}

function listColumn(): ColumnBuilder {
  const values = growingArray((length) => new Int32Array(length));
  const offsets = growingArray((length) => new Int32Array(length));
  return {
    get bytes() {
      return 4 * values.length;
    },
    push(value) {
      offsets.push(values.length);
      values.append(value as Int32Array);
    },
    take(length, type) {
      offsets.push(values.length);
      const child = makeData({ type: new Int32(), length: values.length, nullCount: 0, data: values.view().slice() });
      const valueOffsets = offsets.view().slice();
      values.clear();
      offsets.clear();
      return makeData({ type: type as List<Int32>, length, nullCount: 0, valueOffsets, child });
    },
  };
}

function textColumn(): ColumnBuilder {
  const encoder = new TextEncoder();
  const content = growingArray((length) => new Uint8Array(length));
  const offsets = growingArray((length) => new Int32Array(length));
  return {
    get bytes() {
      return content.length;
    },
    push(value) {
      offsets.push(content.length);
      content.append(encoder.encode(value as string));
    },
    take(length, type) {
      offsets.push(content.length);
      const valueOffsets = offsets.view().slice();
      const data = makeData({
        type: type as never,
        length,
        nullCount: 0,
        valueOffsets,
        data: content.view().slice(),
      } as never);
      content.clear();
      offsets.clear();
      return data as Data;
    },
  };
}

function ofWidth<T extends ArrayLike<number>>(values: T, width: number): T {
  if (values.length === width) return values;
  throw new Error(`a column of ${width} values a row was given ${values.length}`);
}

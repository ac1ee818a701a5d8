import { readFile } from 'node:fs/promises';
import { RecordBatchReader, type Data, type RecordBatch, type Utf8, type Vector } from 'apache-arrow';

/** A list for each row: of row i values[offsets[i]] … values[offsets[i + 1] - 1]; rows + 1 offsets. */
export interface Lists {
  readonly values: Int32Array;
  readonly offsets: Int32Array;
}

/** The columns of a shard in memory: flat arrays, nothing per row. */
export interface ShardContent {
  readonly rows: number;
  has(column: string): boolean;
  lists(column: string): Lists;
  int32(column: string): Int32Array;
  float32(column: string): Float32Array;
  /** A vector a row, back to back. */
  vectors(column: string): { readonly values: Float32Array; readonly width: number };
  /** Where in the file the bytes of each row lie. */
  byteOffsets(column: string): { readonly offsets: Float64Array; readonly width: number };
}

/** A shard of tokens with one class a row. */
export interface Shard {
  readonly rows: number;
  readonly tokens: Lists;
  readonly labels: Int32Array;
  /** Reads ids and texts from the file when they are wanted: reports need them, training does not. */
  texts(): Promise<ShardTexts>;
}

export interface ShardTexts {
  id(row: number): string;
  text(row: number): string;
}

export async function readShard(path: string): Promise<Shard> {
  const content = await readContent(path);
  return {
    rows: content.rows,
    tokens: content.lists('tokens'),
    labels: content.int32('label'),
    texts: () => readTexts(path),
  };
}

/** Reads a shard that prepareDataset wrote. What is taken from it is copied: let it go, and its bytes go. */
export async function readContent(path: string): Promise<ShardContent> {
  const file = await readFile(path);
  const batches = [...RecordBatchReader.from(file)] as RecordBatch[];
  const rows = batches.reduce((sum, batch) => sum + batch.numRows, 0);
  const column = (name: string): Data[] =>
    batches.map((batch) => {
      const vector = batch.getChild(name);
      if (vector === null)
        throw new Error(`${path}: a shard lacks the column ${name}: it was not written by prepareDataset`);
      return vector.data[0] as Data;
    });
  const flat = <T extends Int32Array | Float32Array>(name: string, values: T): T => {
    let row = 0;
    for (const data of column(name)) {
      values.set(data.values.subarray(0, data.length), row);
      row += data.length;
    }
    return values;
  };
  return {
    rows,
    has: (name) => batches.some((batch) => batch.getChild(name) !== null),
    lists: (name) => joinLists(column(name), rows),
    int32: (name) => flat(name, new Int32Array(rows)),
    float32: (name) => flat(name, new Float32Array(rows)),
    vectors(name) {
      const parts = column(name).map(
        (data) => data.children[0]!.values.subarray(0, data.children[0]!.length) as Float32Array,
      );
      const values = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
      let at = 0;
      for (const part of parts) {
        values.set(part, at);
        at += part.length;
      }
      return { values, width: rows === 0 ? 0 : values.length / rows };
    },
    byteOffsets(name) {
      const offsets = new Float64Array(rows);
      let [row, width] = [0, 0];
      for (const data of column(name)) {
        const values = data.values as Uint8Array;
        // A reader of a buffer copies nothing, so that a column's place in memory tells its place in the file.
        if (values.buffer !== file.buffer) throw new Error(`${path}: Arrow copied the column ${name}`);
        width = data.stride;
        for (let i = 0; i < data.length; i++) offsets[row++] = values.byteOffset - file.byteOffset + i * width;
      }
      return { offsets, width };
    },
  };
}

function joinLists(columns: readonly Data[], rows: number): Lists {
  const first = ({ valueOffsets }: Data): number => valueOffsets[0] as number;
  const end = ({ valueOffsets, length }: Data): number => valueOffsets[length] as number;
  const values = new Int32Array(columns.reduce((sum, data) => sum + end(data) - first(data), 0));
  const offsets = new Int32Array(rows + 1);
  let [row, at] = [0, 0];
  for (const data of columns) {
    values.set(data.children[0]!.values.subarray(first(data), end(data)), at);
    for (let i = 0; i < data.length; i++) offsets[row++] = at + data.valueOffsets[i]! - first(data);
    at += end(data) - first(data);
  }
  offsets[rows] = at;
  return { values, offsets };
}

/** Ids and texts of a shard, for reports. */
export async function readTexts(path: string): Promise<ShardTexts> {
  const batches = [...RecordBatchReader.from(await readFile(path))] as RecordBatch[];
  const starts: number[] = [];
  let rows = 0;
  for (const batch of batches) {
    starts.push(rows);
    rows += batch.numRows;
  }
  const cell = (column: 'id' | 'text') => {
    const vectors = batches.map((batch) => batch.getChild(column) as Vector<Utf8>);
    return (row: number): string => {
      const batch = starts.findLastIndex((start) => start <= row);
      const value = row < rows ? vectors[batch]?.get(row - starts[batch]!) : undefined;
      if (typeof value !== 'string') throw new RangeError(`${path}: has ${rows} rows, row ${row} was asked for`);
      return value;
    };
  };
  return { id: cell('id'), text: cell('text') };
}

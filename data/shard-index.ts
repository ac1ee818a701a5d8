/**
 * What has to be in memory of the rows of shards, so that any of them can be read from its file when it is wanted: where each
 * record batch lies, how long each row is, and what is learnt of it. It holds a few bytes a row whatever a row holds, in memory
 * that threads share.
 */
import { DataType } from 'apache-arrow';
import { openFiles, type OpenFiles } from './open-files.js';
import { shardLayout, type BatchLayout, type ColumnPlace } from './shard-layout.js';
import type { Lists } from './shards.js';

/** Rows whose values stay in the file. */
export interface StoredRows {
  /** Of each batch: where in its file the values begin. */
  readonly starts: Float64Array;
  /** Bytes of a row where all have as many; else null. */
  readonly width: number | null;
  /** Values of four bytes in each row, where rows differ. */
  readonly lengths: Int32Array | null;
}

/** Can be sent to a thread as it is. */
export interface ShardIndex {
  readonly paths: readonly string[];
  readonly rows: number;
  /** First row of each batch, and the number of rows. */
  readonly firstRows: Int32Array;
  /** Of each batch: its file's place among the paths. */
  readonly files: Int32Array;
  readonly stored: Readonly<Record<string, StoredRows>>;
  /** Columns that are in memory. */
  readonly ints: Readonly<Record<string, Int32Array>>;
  readonly floats: Readonly<Record<string, Float32Array>>;
  readonly lists: Readonly<Record<string, Lists>>;
}

export interface IndexedColumns {
  /** Lists or vectors that are read when they are wanted. */
  readonly stored: readonly string[];
  /** Numbers, or short lists of them, that are wanted at once. */
  readonly held: readonly string[];
}

interface Batch extends BatchLayout {
  readonly path: string;
  readonly file: number;
}

export function indexShards(paths: readonly string[], { stored, held }: IndexedColumns): ShardIndex {
  const files = openFiles();
  try {
    const batches = paths.flatMap((path, file) => shardLayout(path, files).map((batch) => ({ ...batch, path, file })));
    const firstRows = sharedInts(batches.length + 1);
    batches.forEach(({ rows }, i) => (firstRows[i + 1] = firstRows[i]! + rows));
    const rows = firstRows[batches.length]!;
    const ints: Record<string, Int32Array> = {};
    const floats: Record<string, Float32Array> = {};
    const lists: Record<string, Lists> = {};
    for (const name of batches.length === 0 ? [] : held) {
      const { type } = placeOf(batches[0]!, name);
      if (DataType.isList(type)) lists[name] = readLists(batches, name, rows, files);
      else if (DataType.isFloat(type)) readFlat(batches, name, (floats[name] = sharedFloats(rows)), files);
      else readFlat(batches, name, (ints[name] = sharedInts(rows)), files);
    }
    return {
      ...{ paths, rows, firstRows, files: shared(batches.map(({ file }) => file)) },
      stored: Object.fromEntries(stored.map((name) => [name, storedRows(batches, name, rows, files)])),
      ...{ ints, floats, lists },
    };
  } finally {
    files.close();
  }
}

function placeOf({ columns, path }: Batch, name: string): ColumnPlace {
  const place = columns.get(name);
  if (place) return place;
  throw new Error(`${path}: a shard lacks the column ${name}: it was not written by prepareDataset`);
}

function widthOf(type: DataType): number {
  if (DataType.isFixedSizeBinary(type)) return type.byteWidth;
  if (DataType.isFixedSizeList(type)) return 4 * type.listSize;
  throw new Error(`rows of type ${type.toString()} cannot stay in the file`);
}

function storedRows(batches: readonly Batch[], name: string, rows: number, files: OpenFiles): StoredRows {
  const places = batches.map((batch) => placeOf(batch, name));
  const starts = new Float64Array(new SharedArrayBuffer(8 * batches.length));
  places.forEach(({ values }, i) => (starts[i] = values));
  if (!places.some(({ offsets }) => offsets !== null)) {
    return { starts, width: places[0] ? widthOf(places[0].type) : 0, lengths: null };
  }
  const lengths = sharedInts(rows);
  let row = 0;
  for (const [i, batch] of batches.entries()) {
    const offsets = offsetsOf(batch, places[i]!, files);
    starts[i]! += 4 * offsets[0]!;
    for (let j = 0; j < batch.rows; j++) lengths[row++] = offsets[j + 1]! - offsets[j]!;
  }
  return { starts, width: null, lengths };
}

function readFlat(batches: readonly Batch[], name: string, values: Int32Array | Float32Array, files: OpenFiles): void {
  let at = 0;
  for (const batch of batches) {
    const bytes = new Uint8Array(values.buffer, 4 * at, 4 * batch.rows);
    files.read(batch.path, placeOf(batch, name).values, bytes);
    at += batch.rows;
  }
}

function readLists(batches: readonly Batch[], name: string, rows: number, files: OpenFiles): Lists {
  const offsets = sharedInts(rows + 1);
  const parts: Int32Array[] = [];
  let [row, at] = [0, 0];
  for (const batch of batches) {
    const place = placeOf(batch, name);
    const own = offsetsOf(batch, place, files);
    const values = new Int32Array(own[batch.rows]! - own[0]!);
    files.read(batch.path, place.values + 4 * own[0]!, new Uint8Array(values.buffer));
    for (let i = 1; i <= batch.rows; i++) offsets[++row] = at + own[i]! - own[0]!;
    parts.push(values);
    at += values.length;
  }
  const values = sharedInts(at);
  let end = 0;
  for (const part of parts) {
    values.set(part, end);
    end += part.length;
  }
  return { values, offsets };
}

function offsetsOf({ path, rows }: Batch, { offsets }: ColumnPlace, files: OpenFiles): Int32Array {
  const found = new Int32Array(rows + 1);
  if (rows > 0) files.read(path, offsets!, new Uint8Array(found.buffer));
  return found;
}

const sharedInts = (length: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * length));
const sharedFloats = (length: number): Float32Array => new Float32Array(new SharedArrayBuffer(4 * length));

function shared(values: readonly number[]): Int32Array {
  const copy = sharedInts(values.length);
  copy.set(values);
  return copy;
}

/** Where in an Arrow file the values of its columns lie, told by its metadata alone: of a shard of 32 MiB some KiB are read. */
import { DataType, Message, RecordBatchReader, type Field, type Schema } from 'apache-arrow';
import type { OpenFiles } from './open-files.js';

/** One column of one record batch: places in the file. */
export interface ColumnPlace {
  readonly type: DataType;
  readonly values: number;
  /** Of columns whose rows differ in length: rows + 1 int32. */
  readonly offsets: number | null;
}

export interface BatchLayout {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, ColumnPlace>;
}

const MAGIC = Buffer.from('ARROW1\0\0');
/** Length of the footer, and `ARROW1` again. */
const END_BYTES = 10;
const CONTINUES = -1;

/** The record batches of a file that shardWriter or writeFeatures wrote, in their order. */
export function shardLayout(path: string, files: OpenFiles): BatchLayout[] {
  const batches: BatchLayout[] = [];
  const { fields } = schemaAtEnd(path, files);
  for (let at = MAGIC.length; ;) {
    const head = new Int32Array(2);
    files.read(path, at, new Uint8Array(head.buffer));
    if (head[0] !== CONTINUES) throw new Error(`${path}: expected an Arrow message at ${at}, found none`);
    if (head[1] === 0) return batches; // what follows is the footer
    const metadata = new Uint8Array(head[1]!);
    files.read(path, at + 8, metadata);
    const message = Message.decode(metadata);
    const body = at + 8 + metadata.byteLength;
    if (message.isRecordBatch()) {
      const { length, buffers, compression } = message.header();
      if (compression) throw new Error(`${path}: the shard is compressed: it was not written by prepareDataset`);
      const places = buffers.map(({ offset }) => body + offset);
      batches.push({ rows: length, columns: placeColumns(fields, places) });
    }
    at = body + message.bodyLength;
  }
}

/** Arrow reads a footer at the end of what it is given: here of a file that has nothing else. */
function schemaAtEnd(path: string, files: OpenFiles): Schema {
  const size = files.sizeOf(path);
  const end = Buffer.alloc(END_BYTES);
  if (size > MAGIC.length + END_BYTES) files.read(path, size - END_BYTES, end);
  const bytes = end.readInt32LE(0) + END_BYTES;
  if (end.toString('latin1', 4) !== 'ARROW1' || bytes < END_BYTES || bytes > size) {
    throw new Error(`${path}: expected an Arrow file, found ${size} bytes that end otherwise`);
  }
  const footer = Buffer.alloc(bytes);
  files.read(path, size - bytes, footer);
  return RecordBatchReader.from(Buffer.concat([MAGIC, footer])).open().schema;
}

/** The order of a batch's buffers: https://arrow.apache.org/docs/format/Columnar.html#recordbatch-message */
function placeColumns(fields: readonly Field[], places: readonly number[]): Map<string, ColumnPlace> {
  const columns = new Map<string, ColumnPlace>();
  let next = 0;
  for (const { name, type } of fields) {
    next++; // whether values are missing: none are
    const offsets = DataType.isUtf8(type) || DataType.isList(type) ? places[next++]! : null;
    if (DataType.isList(type) || DataType.isFixedSizeList(type)) next++; // the same of the child
    columns.set(name, { type, offsets, values: places[next++]! });
  }
  return columns;
}

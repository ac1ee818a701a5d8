import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Field, Int32, List, makeData, RecordBatch, RecordBatchFileWriter, Schema, Struct, Utf8 } from 'apache-arrow';
import { growingArray } from './growing-array.js';
import type { ShardFile } from './manifest.js';
import type { Split } from './split.js';

/** Shards end here, whichever comes first; a shard is in memory while it is written. */
const ROWS_PER_SHARD = 50_000;
const BYTES_PER_SHARD = 32 * 2 ** 20;
const ROWS_PER_BATCH = 1024;

export interface PreparedRow {
  readonly id: string;
  readonly text: string;
  readonly tokens: Int32Array;
  readonly label: number;
}

/** Columns of a shard. No column has nulls. */
export const shardSchema = new Schema([
  new Field('id', new Utf8()),
  new Field('text', new Utf8()),
  new Field('tokens', new List(new Field('item', new Int32()))),
  new Field('label', new Int32()),
]);

/** Writes the rows of one split, in the order given, as Arrow IPC files `train-00000.arrow`, … */
export function shardWriter(folder: string, split: Split) {
  const files: ShardFile[] = [];
  let writer: RecordBatchFileWriter | null = null;
  let shardRows = 0;
  let shardBytes = 0;
  const batch = batchBuilder();

  const flushBatch = (): void => {
    if (batch.rows === 0) return;
    writer ??= new RecordBatchFileWriter();
    shardRows += batch.rows;
    shardBytes += batch.bytes;
    writer.write(batch.take());
  };
  const endShard = async (): Promise<void> => {
    flushBatch();
    if (writer === null) return;
    writer.finish();
    const content = await writer.toUint8Array();
    const name = `${split}-${String(files.length).padStart(5, '0')}.arrow`;
    await writeFile(join(folder, name), content);
    const sha256 = createHash('sha256').update(content).digest('hex');
    files.push({ name, split, rows: shardRows, sha256, bytes: content.byteLength });
    [writer, shardRows, shardBytes] = [null, 0, 0];
  };

  return {
    async write(row: PreparedRow): Promise<void> {
      batch.push(row);
      if (batch.rows === ROWS_PER_BATCH || shardRows + batch.rows === ROWS_PER_SHARD) flushBatch();
      if (shardRows === ROWS_PER_SHARD || shardBytes + batch.bytes >= BYTES_PER_SHARD) await endShard();
    },
    /** Ends the last shard; the files in order. */
    async close(): Promise<readonly ShardFile[]> {
      await endShard();
      return files;
    },
  };
}

function batchBuilder() {
  const id = textColumn();
  const text = textColumn();
  const tokens = growingArray((length) => new Int32Array(length));
  const tokenOffsets = growingArray((length) => new Int32Array(length));
  const label = growingArray((length) => new Int32Array(length));
  return {
    get rows() {
      return label.length;
    },
    get bytes() {
      return id.bytes + text.bytes + 4 * tokens.length;
    },
    push(row: PreparedRow): void {
      id.push(row.id);
      text.push(row.text);
      tokenOffsets.push(tokens.length);
      tokens.append(row.tokens);
      label.push(row.label);
    },
    /** What was pushed, as a batch of its own memory; then empty again. */
    take(): RecordBatch {
      const length = label.length;
      tokenOffsets.push(tokens.length);
      const values = makeData({ type: new Int32(), length: tokens.length, nullCount: 0, data: tokens.view().slice() });
      const list = shardSchema.fields[2]!.type as List<Int32>;
      const children = [
        id.take(length),
        text.take(length),
        makeData({ type: list, length, nullCount: 0, valueOffsets: tokenOffsets.view().slice(), child: values }),
        makeData({ type: new Int32(), length, nullCount: 0, data: label.view().slice() }),
      ];
      for (const column of [tokens, tokenOffsets, label]) column.clear();
      return new RecordBatch(
        shardSchema,
        makeData({ type: new Struct(shardSchema.fields), length, nullCount: 0, children }),
      );
    },
  };
}

function textColumn() {
  const encoder = new TextEncoder();
  const content = growingArray((length) => new Uint8Array(length));
  const offsets = growingArray((length) => new Int32Array(length));
  return {
    get bytes() {
      return content.length;
    },
    push(value: string): void {
      offsets.push(content.length);
      content.append(encoder.encode(value));
    },
    take(length: number) {
      offsets.push(content.length);
      const taken = makeData({
        type: new Utf8(),
        length,
        nullCount: 0,
        valueOffsets: offsets.view().slice(),
        data: content.view().slice(),
      });
      content.clear();
      offsets.clear();
      return taken;
    },
  };
}

import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeData, RecordBatch, RecordBatchFileWriter, Struct } from 'apache-arrow';
import { columnBuilder } from './column-builders.js';
import type { ShardFile } from './manifest.js';
import { schemaOf, type PreparedRow, type ShardColumns } from './shard-columns.js';
import type { Split } from './split.js';

/** Shards end here, whichever comes first; a shard is in memory while it is written. */
const ROWS_PER_SHARD = 50_000;
const BYTES_PER_SHARD = 32 * 2 ** 20;
const ROWS_PER_BATCH = 1024;

/** Writes the rows of one split, in the order given, as Arrow IPC files `train-00000.arrow`, … */
export function shardWriter(folder: string, split: Split, columns: ShardColumns, rowsPerShard = ROWS_PER_SHARD) {
  const files: ShardFile[] = [];
  let writer: RecordBatchFileWriter | null = null;
  let shardRows = 0;
  let shardBytes = 0;
  const batch = batchBuilder(columns);

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
      if (batch.rows === ROWS_PER_BATCH || shardRows + batch.rows === rowsPerShard) flushBatch();
      if (shardRows === rowsPerShard || shardBytes + batch.bytes >= BYTES_PER_SHARD) await endShard();
    },
    /** Ends the last shard; the files in order. */
    async close(): Promise<readonly ShardFile[]> {
      await endShard();
      return files;
    },
  };
}

function batchBuilder(columns: ShardColumns) {
  const schema = schemaOf(columns);
  const builders = Object.entries(columns).map(([name, column]) => ({ name, builder: columnBuilder(column) }));
  let rows = 0;
  return {
    get rows() {
      return rows;
    },
    get bytes() {
      return builders.reduce((sum, { builder }) => sum + builder.bytes, 0);
    },
    push(row: PreparedRow): void {
      for (const { name, builder } of builders) {
        const value = row[name];
        if (value === undefined) throw new Error(`a prepared row lacks the column ${name}`);
        builder.push(value);
      }
      rows++;
    },
    /** What was pushed, as a batch of its own memory; then empty again. */
    take(): RecordBatch {
      const children = builders.map(({ builder }, index) => builder.take(rows, schema.fields[index]!.type));
      const data = makeData({ type: new Struct(schema.fields), length: rows, nullCount: 0, children });
      rows = 0;
      return new RecordBatch(schema, data);
    },
  };
}

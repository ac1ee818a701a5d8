import { join } from 'node:path';
import { makeData, RecordBatch, Struct } from 'apache-arrow';
import { arrowFile } from './arrow-file.js';
import { columnBuilder } from './column-builders.js';
import type { ShardFile } from './manifest.js';
import { schemaOf, type PreparedRow, type ShardColumns } from './shard-columns.js';
import type { Split } from './split.js';

/** Shards end here, whichever comes first. */
const ROWS_PER_SHARD = 50_000;
const BYTES_PER_SHARD = 32 * 2 ** 20;
/** And batches here; a batch is in memory. */
const ROWS_PER_BATCH = 1024;
const BYTES_PER_BATCH = 4 * 2 ** 20;

/** Writes the rows of one split, in the order given, as Arrow IPC files `train-00000.arrow`, … */
export function shardWriter(folder: string, split: Split, columns: ShardColumns, rowsPerShard = ROWS_PER_SHARD) {
  const files: ShardFile[] = [];
  let open: { readonly name: string; readonly file: ReturnType<typeof arrowFile> } | null = null;
  let shardRows = 0;
  let shardBytes = 0;
  const batch = batchBuilder(columns);

  const flushBatch = (): void => {
    if (batch.rows === 0) return;
    if (open === null) {
      const name = `${split}-${String(files.length).padStart(5, '0')}.arrow`;
      open = { name, file: arrowFile(join(folder, name)) };
    }
    shardRows += batch.rows;
    shardBytes += batch.bytes;
    open.file.write(batch.take());
  };
  const endShard = (): void => {
    flushBatch();
    if (open === null) return;
    files.push({ name: open.name, split, rows: shardRows, ...open.file.finish() });
    [open, shardRows, shardBytes] = [null, 0, 0];
  };

  return {
    write(row: PreparedRow): void {
      batch.push(row);
      const isFull = batch.rows === ROWS_PER_BATCH || batch.bytes >= BYTES_PER_BATCH;
      if (isFull || shardRows + batch.rows === rowsPerShard) flushBatch();
      if (shardRows === rowsPerShard || shardBytes + batch.bytes >= BYTES_PER_SHARD) endShard();
    },
    /** Ends the last shard; the files in order. */
    close(): readonly ShardFile[] {
      endShard();
      return files;
    },
    /** Closes what is open, after a failure. */
    abandon: (): void => open?.file.abandon(),
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

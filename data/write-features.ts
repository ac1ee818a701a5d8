import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { makeData, RecordBatch, RecordBatchFileWriter, Struct } from 'apache-arrow';
import { columnBuilder } from './column-builders.js';
import { schemaOf, type ShardColumns } from './shard-columns.js';

const ROWS_PER_BATCH = 4096;

/** Writes kept features (rows, width) as one Arrow file with the column `features`; the same values give the same bytes. */
export async function writeFeatures(
  path: string,
  values: Float32Array,
  width: number,
): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const columns: ShardColumns = { features: { type: 'floats', width } };
  const schema = schemaOf(columns);
  const type = schema.fields[0]!.type;
  const builder = columnBuilder(columns['features']!);
  const writer = new RecordBatchFileWriter();
  for (let start = 0; start < values.length; start += ROWS_PER_BATCH * width) {
    const part = values.subarray(start, start + ROWS_PER_BATCH * width);
    const rows = part.length / width;
    for (let row = 0; row < rows; row++) builder.push(part.subarray(row * width, (row + 1) * width));
    const struct = new Struct(schema.fields);
    writer.write(
      new RecordBatch(
        schema,
        makeData({ type: struct, length: rows, nullCount: 0, children: [builder.take(rows, type)] }),
      ),
    );
  }
  writer.finish();
  const content = await writer.toUint8Array();
  await writeFile(path, content);
  return { sha256: createHash('sha256').update(content).digest('hex'), bytes: content.byteLength };
}

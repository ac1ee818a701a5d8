import { makeData, RecordBatch, Struct } from 'apache-arrow';
import { arrowFile } from './arrow-file.js';
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
  const writer = arrowFile(path);
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
  return writer.finish();
}

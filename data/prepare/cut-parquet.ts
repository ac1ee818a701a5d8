import { createHash } from 'node:crypto';
import type { ByteSource } from '../byte-source.js';
import { sha256Of } from '../content-key.js';
import { openParquet } from '../readers/parquet.js';
import { placeOf } from '../readers/parquet-group.js';
import { bytesOfPart, type FilePart, type PartSize } from './part-size.js';

/** Runs of row groups: `from` and `to` count these, `firstLine` counts rows. */
export async function* cutParquet(source: ByteSource, size: PartSize): AsyncGenerator<FilePart> {
  const { schema, key_value_metadata: keyed, row_groups: groups } = await openParquet(source);
  const headSha256 = sha256Of(Buffer.from(JSON.stringify([schema, keyed ?? null], bigintAsText)));
  let from = 0;
  let [index, rowsBefore, rows, bytes] = [0, 0, 0, 0];
  let hash = createHash('sha256');
  for (const [place, group] of groups.entries()) {
    for (const { meta_data: column } of group.columns) {
      if (!column) continue;
      const [start, end] = placeOf(column);
      for await (const piece of source.openRange(start, end)) hash.update(piece);
      bytes += end - start;
    }
    rows += Number(group.num_rows);
    if (bytes < bytesOfPart(index, size) && rows < size.records && place + 1 < groups.length) continue;
    yield { from, to: place + 1, firstLine: rowsBefore + 1, headSha256, sha256: hash.digest('hex') };
    from = place + 1;
    rowsBefore += rows;
    [rows, bytes] = [0, 0];
    hash = createHash('sha256');
    index++;
  }
}

const bigintAsText = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

import { parquetMetadata, parquetReadObjects, type AsyncBuffer, type FileMetaData } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { readRange, type ByteSource } from '../byte-source.js';
import { DataError } from '../data-error.js';
import type { ReadOptions } from './bad-row.js';
import { checkColumns, checkPages } from './check-parquet.js';
import { classNames, named } from './class-names.js';
import { MAX_GROUP_BYTES, readGroup } from './parquet-group.js';
import { plainValue } from './plain-value.js';
import { placeOfRow, type Row } from './row.js';

/** A row group's columns are in memory as they are stored, and these many of its rows as objects. */
const ROWS_AT_ONCE = 4096;
const ROWS_OF_BYTES_AT_ONCE = 64;
const MAX_METADATA_BYTES = 64 * 2 ** 20;

/**
 * Rows of a Parquet file, some of a row group in memory at a time; a part is a range of row groups.
 * @throws DataError for a damaged file, and for row groups that do not fit into memory.
 */
export async function* readParquet(source: ByteSource, { part, bytes = false }: ReadOptions = {}): AsyncGenerator<Row> {
  const metadata = await openParquet(source);
  const names = classNames(metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value);
  const groups = metadata.row_groups.slice(part?.from ?? 0, part?.to);
  let rowStart = rowsOf(metadata.row_groups.slice(0, part?.from ?? 0));
  let number = 0;
  for (const group of groups) {
    const groupEnd = rowStart + Number(group.num_rows);
    const stored = await attempt(source, () => readGroup(source, group));
    await attempt(source, () => checkPages(stored, group, metadata));
    const file: AsyncBuffer = { byteLength: source.bytes, slice: (from, to = source.bytes) => stored.slice(from, to) };
    while (rowStart < groupEnd) {
      const rowEnd = Math.min(groupEnd, rowStart + (bytes ? ROWS_OF_BYTES_AT_ONCE : ROWS_AT_ONCE));
      const rows = await attempt(source, () =>
        parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd, geoparquet: false, utf8: !bytes }),
      );
      if (rows.length !== rowEnd - rowStart) throw damaged(source, 'fewer rows than it says');
      for (const [index, row] of rows.entries()) {
        const fields: Record<string, unknown> = {};
        for (const [column, value] of Object.entries(row)) {
          // One that is missing is null.
          if (value === undefined) throw damaged(source, `a value of ${column} that its dictionary does not have`);
          fields[column] = named(plainValue(value), names.get(column));
        }
        const line = rowStart + index + 1;
        yield { number: ++number, line, fields, place: placeOfRow(source.name, line) };
      }
      rowStart = rowEnd;
    }
  }
}

/** What it says of itself. @throws DataError for a file that is none. */
export async function openParquet(source: ByteSource): Promise<FileMetaData> {
  const tail = await readRange(source, Math.max(0, source.bytes - 8), source.bytes);
  if (tail.length < 8 || Buffer.from(tail.subarray(4)).toString('latin1') !== 'PAR1') {
    throw new DataError(
      `${source.name}: expected a Parquet file, found one without its end, or of another kind: write or copy it again`,
    );
  }
  const length = new DataView(tail.buffer).getUint32(0, true) + 8;
  if (length > MAX_METADATA_BYTES) throw damaged(source, 'a description too long');
  if (length > source.bytes) throw damaged(source, `a description of ${length} bytes`);
  const footer = await readRange(source, source.bytes - length, source.bytes);
  const metadata = await attempt(source, () => {
    const read = parquetMetadata(footer.buffer, { geoparquet: false });
    checkColumns(read);
    return read;
  });
  for (const [index, group] of metadata.row_groups.entries()) checkGroup(source, group, index);
  return metadata;
}

function checkGroup(source: ByteSource, group: FileMetaData['row_groups'][number], index: number): void {
  const rows = Number(group.num_rows);
  if (!Number.isSafeInteger(rows) || rows < 0)
    throw damaged(source, `row group ${index} of ${String(group.num_rows)} rows`);
  const bytes = group.columns.reduce((sum, { meta_data }) => sum + Number(meta_data?.total_uncompressed_size ?? 0), 0);
  if (bytes > MAX_GROUP_BYTES) {
    throw new DataError(
      `${source.name}: expected row groups of at most ${MAX_GROUP_BYTES} bytes, found row group ${index} of ${bytes}: write it with smaller ones (pandas, pyarrow: row_group_size=10000)`,
    );
  }
}

const rowsOf = (groups: FileMetaData['row_groups']): number =>
  groups.reduce((sum, { num_rows }) => sum + Number(num_rows), 0);

/** What the library throws on damaged bytes is any error there is. */
async function attempt<T>(source: ByteSource, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof DataError || isOfDisk(error)) throw error;
    throw damaged(source, (error as Error).message);
  }
}

/** Its code names an errno. */
const isOfDisk = (error: unknown): boolean =>
  error instanceof Error && 'errno' in error && typeof error.errno === 'number';

const damaged = ({ name }: ByteSource, found: string): DataError =>
  new DataError(`${name}: expected a Parquet file that can be read, found ${found}: write it again`);

import type { ColumnMetaData, FileMetaData } from 'hyparquet';
import type { ByteSource } from '../byte-source.js';

/** A row group's columns are in memory at once. */
export const MAX_GROUP_BYTES = 512 * 2 ** 20;
/** Columns nearer to each other are read at once: on S3 a request costs more than these bytes. */
const MAX_GAP_BYTES = 2 ** 20;

type RowGroup = FileMetaData['row_groups'][number];

type Place = readonly [from: number, to: number];

interface Stored {
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The columns of a row group as they are stored, in memory. */
export interface GroupBytes {
  /** Those of a column, lent. */
  of(column: ColumnMetaData): Uint8Array<ArrayBuffer>;
  /**
   * Those from `from` up to `to`, places in the file: lent where they are a whole column, else copied, with zeros where no
   * column is. It answers at once: a promise that nobody awaits could fail unheard.
   */
  slice(from: number, to: number): ArrayBuffer;
}

/** Where the bytes of a column lie in its file: its dictionary, if it has one, and its values. */
export function placeOf(column: ColumnMetaData): Place {
  const from = Number(column.dictionary_page_offset || column.data_page_offset);
  return [from, from + Number(column.total_compressed_size)];
}

/** Read once. @throws RangeError when they are not in the file, or too many. */
export async function readGroup(source: ByteSource, { columns }: RowGroup): Promise<GroupBytes> {
  const places = columns.map(({ meta_data }) => {
    if (!meta_data) throw new RangeError('a column without a description');
    return placeOf(meta_data);
  });
  if (places.some(([from, to]) => !(from >= 0 && to >= from && to <= source.bytes)))
    throw new RangeError('a column beyond its end');
  const total = places.reduce((bytes, [from, to]) => bytes + to - from, 0);
  if (total > MAX_GROUP_BYTES) throw new RangeError(`a row group of ${total} bytes`);
  const stored = places.map(([from, to]): Stored => ({ from, to, bytes: new Uint8Array(to - from) }));
  for (const run of runsOf(places)) await fill(stored, source, run);
  const whole = (from: number, to: number) => stored.find((column) => column.from === from && column.to === to)?.bytes;
  return {
    of: (column) => whole(...placeOf(column))!,
    slice: (from, to) => {
      const found = whole(from, to);
      if (found) return found.buffer;
      if (to - from > MAX_GROUP_BYTES) throw new RangeError(`a run of columns of ${to - from} bytes`);
      const run = new Uint8Array(to - from);
      for (const column of stored)
        if (column.from >= from && column.to <= to) run.set(column.bytes, column.from - from);
      return run.buffer;
    },
  };
}

function runsOf(places: readonly Place[]): Place[] {
  const runs: [number, number][] = [];
  for (const [from, to] of places.toSorted(([a], [b]) => a - b)) {
    const last = runs.at(-1);
    if (last && from <= last[1] + MAX_GAP_BYTES) last[1] = Math.max(last[1], to);
    else runs.push([from, to]);
  }
  return runs;
}

/** @throws RangeError when the source ends before it says. */
async function fill(stored: readonly Stored[], source: ByteSource, [start, end]: Place): Promise<void> {
  let at = start;
  for await (const piece of source.openRange(start, end)) {
    for (const { from, to, bytes } of stored) {
      const [first, last] = [Math.max(from, at), Math.min(to, at + piece.byteLength)];
      if (first < last) bytes.set(piece.subarray(first - at, last - at), first - from);
    }
    at += piece.byteLength;
  }
  if (at < end) throw new RangeError(`${end - at} bytes less than it had`);
}

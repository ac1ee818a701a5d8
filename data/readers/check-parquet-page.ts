/** What the levels and values of a Parquet page say of their numbers and lengths, compared with the page: https://github.com/apache/parquet-format/blob/master/Encodings.md */
import type { Encoding, ParquetType } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { parquetHeader } from 'hyparquet/src/column.js';
import { decompressPage } from 'hyparquet/src/datapage.js';
import { deltaBinaryUnpack } from 'hyparquet/src/delta.js';
import { readRleBitPackedHybrid } from 'hyparquet/src/encoding.js';
import { readVarInt } from 'hyparquet/src/thrift.js';

export type PageHeader = ReturnType<typeof parquetHeader>;

export interface PageColumn {
  readonly type: ParquetType;
  readonly codec: Parameters<typeof decompressPage>[2];
  /** Bytes of a value of fixed length. */
  readonly typeLength: number | undefined;
  readonly maxDefinition: number;
  readonly maxRepetition: number;
}

interface Reader {
  readonly view: DataView;
  offset: number;
}

const MAX_STRINGS_BYTES = 256 * 2 ** 20;
const FIXED_BYTES: Partial<Record<ParquetType, number>> = { INT32: 4, INT64: 8, INT96: 12, FLOAT: 4, DOUBLE: 8 };

/** @throws Error when the decoder would loop, fill the memory or give values of another page. */
export function checkPage(stored: Uint8Array, header: PageHeader, column: PageColumn): void {
  if (header.data_page_header_v2) checkPageV2(stored, header, header.data_page_header_v2, column);
  else if (header.data_page_header) {
    const { num_values, encoding } = header.data_page_header;
    const reader = unpacked(stored, header.uncompressed_page_size, column);
    if (column.maxRepetition > 0) skipRuns(reader, bitsOf(column.maxRepetition), num_values);
    const nulls = column.maxDefinition === 0 ? 0 : nullsOf(reader, num_values, column.maxDefinition);
    checkValues(reader, encoding, num_values - nulls, column);
  } else if (header.dictionary_page_header) {
    const reader = unpacked(stored, header.uncompressed_page_size, column);
    checkPlain(reader, header.dictionary_page_header.num_values, column);
  }
}

function checkPageV2(
  stored: Uint8Array,
  { uncompressed_page_size }: PageHeader,
  page: NonNullable<PageHeader['data_page_header_v2']>,
  column: PageColumn,
): void {
  const { num_values, num_nulls, repetition_levels_byte_length, definition_levels_byte_length } = page;
  const reader = readerOf(stored);
  if (column.maxRepetition > 0)
    skipRuns(reader, bitsOf(column.maxRepetition), num_values, repetition_levels_byte_length);
  reader.offset = repetition_levels_byte_length;
  const nulls =
    column.maxDefinition === 0 ? 0 : nullsOf(reader, num_values, column.maxDefinition, definition_levels_byte_length);
  if (nulls !== num_nulls) throw new RangeError(`a page of ${num_nulls} nulls with ${nulls} in its levels`);
  const rest = stored.subarray(repetition_levels_byte_length + definition_levels_byte_length);
  const bytes = uncompressed_page_size - repetition_levels_byte_length - definition_levels_byte_length;
  const packed = page.is_compressed !== false && bytes !== 0;
  checkValues(packed ? unpacked(rest, bytes, column) : readerOf(rest), page.encoding, num_values - nulls, column, true);
}

function checkValues(reader: Reader, encoding: Encoding, values: number, column: PageColumn, v2 = false): void {
  switch (encoding) {
    case 'PLAIN':
    case 'BYTE_STREAM_SPLIT':
      return checkPlain(reader, values, column);
    case 'RLE':
    case 'PLAIN_DICTIONARY':
    case 'RLE_DICTIONARY': {
      if (column.type === 'BOOLEAN') return skipRuns(reader, 1, values);
      const width = reader.view.getUint8(reader.offset++);
      if (width > 0 || v2) skipRuns(reader, width, values, reader.view.byteLength - reader.offset);
      return;
    }
    case 'DELTA_BINARY_PACKED':
      return checkDelta(reader, values);
    case 'DELTA_LENGTH_BYTE_ARRAY': {
      const bytes = sum(readDeltas(reader, values));
      const left = reader.view.byteLength - reader.offset;
      if (values > 0 && !(bytes <= left)) throw new RangeError(`strings of ${bytes} bytes in ${left}`);
      return;
    }
    case 'DELTA_BYTE_ARRAY':
      return checkPrefixes(readDeltas(reader, values), readDeltas(reader, values));
    default: // the decoder itself compares what ALP says, and refuses what it does not know
  }
}

/** Fixed lengths have their bytes, and the lengths of strings end within the page. */
function checkPlain({ view, offset }: Reader, values: number, { type, typeLength }: PageColumn): void {
  const left = view.byteLength - offset;
  if (type !== 'BYTE_ARRAY') {
    const bytes = type === 'BOOLEAN' ? Math.ceil(values / 8) : values * (FIXED_BYTES[type] ?? typeLength ?? 0);
    if (!(bytes <= left)) throw new RangeError(`${values} values in ${left} bytes`);
    return;
  }
  let at = offset;
  for (let i = 0; i < values; i++) {
    if (at + 4 > view.byteLength) throw new RangeError(`${values} strings in ${left} bytes`);
    at += 4 + view.getUint32(at, true);
  }
  if (at > view.byteLength) throw new RangeError(`strings of ${at - offset} bytes in ${left}`);
}

/** To the end of levels or indices, the hybrid of runs and packed bits. @throws RangeError when a run is longer than what is left to read. */
function skipRuns(reader: Reader, width: number, values: number, bytes?: number): void {
  const { view } = reader;
  const start = bytes === undefined ? reader.offset + 4 : reader.offset;
  const length = bytes ?? view.getUint32(reader.offset, true);
  if (width > 32) throw new RangeError(`runs of ${width} bits`);
  if (!(start + length <= view.byteLength)) throw new RangeError(`runs of ${length} bytes in ${view.byteLength}`);
  const walk: Reader = { view, offset: start };
  for (let seen = 0; seen < values;) {
    const head = readVarInt(walk);
    const packed = (head & 1) === 1;
    const count = packed ? (head >> 1) * 8 : head >>> 1;
    const left = values - seen;
    const stored = packed ? (count * width) / 8 : (width + 7) >> 3;
    // Packed values come in eights, the last of them filled up. Without bits the decoder takes them for the last.
    const fits = !packed ? count <= left : width > 0 || (count >= left && count < left + 8);
    if (count < 0 || !fits || stored > view.byteLength - walk.offset)
      throw new RangeError(`a run of ${count} where ${left} values are left`);
    walk.offset += stored;
    seen += count;
  }
  reader.offset = start + length;
}

function nullsOf(reader: Reader, values: number, maxDefinition: number, bytes?: number): number {
  const unread: Reader = { ...reader };
  skipRuns(reader, bitsOf(maxDefinition), values, bytes);
  const levels = new Int32Array(values);
  readRleBitPackedHybrid(unread, bitsOf(maxDefinition), levels as never, bytes);
  let nulls = values;
  for (const level of levels) if (level === maxDefinition) nulls--;
  return nulls;
}

/** Its head: values of a block, mini-blocks of a block, and values of all. */
function checkDelta({ view, offset }: Reader, values: number): void {
  if (values === 0) return;
  const reader: Reader = { view, offset };
  const [block, minis, total] = [readVarInt(reader), readVarInt(reader), readVarInt(reader)];
  if (total !== values) throw new RangeError(`deltas of ${total} values where ${values} are expected`);
  if (!(block > 0 && minis > 0 && minis <= view.byteLength && (block / minis) % 8 === 0))
    throw new RangeError(`deltas in blocks of ${block} in ${minis} parts`);
}

function readDeltas(reader: Reader, values: number): Int32Array {
  checkDelta(reader, values);
  const output = new Int32Array(values);
  if (values > 0) deltaBinaryUnpack(reader, values, output);
  if (output.some((length) => length < 0)) throw new RangeError('a negative length');
  return output;
}

/** Each string begins with as much of the one before as that one has. */
function checkPrefixes(prefixes: Int32Array, suffixes: Int32Array): void {
  let before = 0;
  let total = 0;
  for (const [index, prefix] of prefixes.entries()) {
    if (prefix > before) throw new RangeError(`a string that begins with ${prefix} bytes of one of ${before}`);
    before = prefix + suffixes[index]!;
    total += before;
    if (total > MAX_STRINGS_BYTES) throw new RangeError(`a page of more than ${MAX_STRINGS_BYTES} bytes of strings`);
  }
}

const unpacked = (stored: Uint8Array, bytes: number, { codec }: PageColumn): Reader =>
  readerOf(decompressPage(stored, bytes, codec, compressors));

const readerOf = (bytes: Uint8Array): Reader => ({
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  offset: 0,
});

const bitsOf = (maxLevel: number): number => 32 - Math.clz32(maxLevel);
const sum = (numbers: Int32Array): number => numbers.reduce((total, n) => total + n, 0);

import { CompressionType, compressionRegistry, DataType, RecordBatchReader, type RecordBatch } from 'apache-arrow';
import { readRange, type ByteSource } from '../byte-source.js';
import { DataError } from '../data-error.js';
import { arrowMessages, MAX_BODY_BYTES, type ArrowMessage } from './arrow-messages.js';
import type { ReadOptions } from './bad-row.js';
import { checkData } from './check-arrow.js';
import { classNames, named } from './class-names.js';
import { decodeLz4Frame } from './lz4-frame.js';
import { plainValue } from './plain-value.js';
import { placeOfRow, type Row } from './row.js';
import { decodeZstd } from './zstd.js';

/** A batch of nothing but nulls takes no bytes, whatever number of rows it claims. */
const MAX_BATCH_ROWS = 2 ** 24;
/** Dictionaries are held as long as the file is read. */
const MAX_DICTIONARIES_BYTES = 128 * 2 ** 20;

/**
 * Rows of an Arrow IPC stream or file (Feather, Hugging Face's data-*.arrow), a batch in memory at a time; a part is a range of bytes that
 * begins where a batch does (arrowMessages).
 * @throws DataError for a damaged file.
 */
export async function* readArrow(source: ByteSource, { part }: ReadOptions = {}): AsyncGenerator<Row> {
  const before: Uint8Array[] = [];
  let dictionaryBytes = 0;
  let number = 0;
  let line = part?.firstLine ?? 1;
  for await (const message of arrowMessages(source)) {
    if (part && message.from >= part.to) return;
    if (message.kind === 'schema') before.push(message.metadata.slice());
    if (message.kind === 'dictionary') {
      dictionaryBytes += message.to - message.from;
      if (dictionaryBytes > MAX_DICTIONARIES_BYTES) throw damaged(source, 'dictionaries that do not fit into memory');
      before.push(await wholeMessage(source, message));
    }
    if (message.kind !== 'batch' || (part && message.from < part.from)) continue;
    if (message.rows > MAX_BATCH_ROWS || message.rows < 0) throw damaged(source, `a batch of ${message.rows} rows`);
    const batch = loadBatch(source, [...before, await wholeMessage(source, message)]);
    for (const fields of rowsOf(source, batch)) {
      yield { number: ++number, line, fields, place: placeOfRow(source.name, line) };
      line++;
    }
  }
}

async function wholeMessage(source: ByteSource, { from, to }: ArrowMessage): Promise<Uint8Array> {
  return readRange(source, from, to);
}

function loadBatch(source: ByteSource, messages: readonly Uint8Array[]): RecordBatch {
  unpackedBytes = 0;
  try {
    const [batch, ...others] = [...RecordBatchReader.from(messages)];
    if (!batch || others.length > 0) throw new RangeError('a batch that is none');
    batch.data.children.forEach((child, index) => checkData(child, batch.schema.fields[index]!.name));
    if (batch.data.children.some((child) => child.length < batch.numRows))
      throw new RangeError('columns of unlike lengths');
    return batch;
  } catch (error) {
    throw damaged(source, (error as Error).message);
  }
}

const damaged = ({ name }: ByteSource, found: string): DataError =>
  new DataError(`${name}: expected an Arrow file that can be read, found ${found}: write it again`);

function* rowsOf(source: ByteSource, batch: RecordBatch): Generator<Record<string, unknown>> {
  const names = classNames(batch.schema.metadata.get('huggingface'));
  const columns = batch.schema.fields.map(({ name }, index) => ({
    name,
    vector: batch.getChildAt(index)!,
    names: names.get(name),
    isTime: DataType.isTimestamp(batch.schema.fields[index]!.type) || DataType.isDate(batch.schema.fields[index]!.type),
  }));
  for (let row = 0; row < batch.numRows; row++) {
    const fields: Record<string, unknown> = {};
    try {
      for (const { name, vector, names, isTime } of columns) {
        const value: unknown = vector.get(row);
        fields[name] = named(toPlain(isTime && typeof value === 'number' ? new Date(value) : value), names);
      }
    } catch (error) {
      throw damaged(source, (error as Error).message); // a time that is none, for one
    }
    yield fields;
  }
}

/** Vectors and rows of structs know how to become lists and objects. */
function toPlain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return plainValue(value);
  if (value instanceof Date) return plainValue(value);
  if ('toArray' in value && Symbol.iterator in value && !Array.isArray(value))
    return Array.from(value as unknown as Iterable<unknown>, toPlain);
  if (Symbol.iterator in value && !Array.isArray(value)) {
    const plain: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (const [key, inner] of value as unknown as Iterable<[string, unknown]>) plain[key] = toPlain(inner);
    return plain;
  }
  return plainValue(value);
}

/** Of the batch that is being loaded, which happens without a pause. */
let unpackedBytes = 0;

const within = (decode: (bytes: Uint8Array, limit: number) => Uint8Array) => ({
  decode(bytes: Uint8Array): Uint8Array {
    const unpacked = decode(bytes, Math.max(0, MAX_BODY_BYTES - unpackedBytes));
    unpackedBytes += unpacked.byteLength;
    return unpacked;
  },
});

compressionRegistry.set(CompressionType.LZ4_FRAME, within(decodeLz4Frame));
compressionRegistry.set(CompressionType.ZSTD, within(decodeZstd));

/**
 * The messages of an Arrow IPC stream or file. A file (Feather) is a stream between two marks, with an index at its end that is not
 * needed to read it in order. Apache's reader believes what a message says of its own size; here nothing is allocated before
 * it was compared with what is there.
 */
import { Message, MessageHeader } from 'apache-arrow';
import { readRange, type ByteSource } from '../byte-source.js';
import { DataError } from '../data-error.js';
import { checkVectors } from './arrow-vectors.js';

const FILE_MARK = 'ARROW1';
const FILE_HEAD_BYTES = 8;
const CONTINUATION = 0xffffffff;

/** Room for the description of a hundred thousand columns. */
const MAX_METADATA_BYTES = 64 * 2 ** 20;
/** A batch is in memory as a whole, packed and unpacked. */
export const MAX_BODY_BYTES = 256 * 2 ** 20;

export interface ArrowMessage {
  readonly kind: 'schema' | 'dictionary' | 'batch';
  /** Where it begins in the file, where its body does, and where the next message begins. */
  readonly from: number;
  readonly bodyFrom: number;
  readonly to: number;
  /** As it stands in the file, without its body. */
  readonly metadata: Uint8Array;
  /** Of a record batch. */
  readonly rows: number;
}

/** @throws DataError for a file that is none, or cut short. */
export async function* arrowMessages(source: ByteSource): AsyncGenerator<ArrowMessage> {
  const head = await readRange(source, 0, FILE_HEAD_BYTES);
  const isFile = Buffer.from(head.subarray(0, 6)).toString('latin1') === FILE_MARK;
  const window = windowOf(source);
  let at = isFile ? FILE_HEAD_BYTES : 0;
  while (at < source.bytes) {
    const prefix = await window(at, 8);
    if (prefix.length < 4) throw cutShort(source);
    const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength);
    // Before Arrow 0.15 there was no mark before the length.
    const hasMark = view.getUint32(0, true) === CONTINUATION;
    if (hasMark && prefix.length < 8) throw cutShort(source);
    const length = view.getInt32(hasMark ? 4 : 0, true);
    if (length === 0) return;
    const prefixBytes = hasMark ? 8 : 4;
    if (length < 0 || length > MAX_METADATA_BYTES) throw notArrow(source, at);
    const metadata = await window(at, prefixBytes + length);
    if (metadata.length < prefixBytes + length) throw cutShort(source);
    const decoded = decode(source, at, metadata.subarray(prefixBytes));
    const bodyFrom = at + prefixBytes + length;
    const to = bodyFrom + decoded.bodyBytes;
    if (to > source.bytes) throw cutShort(source);
    yield { ...decoded, metadata, from: at, bodyFrom, to };
    at = to;
  }
}

/** Small reads out of larger ones. */
function windowOf(source: ByteSource): (from: number, length: number) => Promise<Uint8Array> {
  let start = 0;
  let held: Uint8Array = new Uint8Array(0);
  return async (from, length) => {
    if (from < start || from + length > start + held.length) {
      held = await readRange(source, from, Math.min(source.bytes, from + Math.max(length, 1 << 16)));
      start = from;
    }
    return held.subarray(from - start, from - start + length);
  };
}

function decode(source: ByteSource, at: number, metadata: Uint8Array) {
  const found = attempt(() => {
    const message = Message.decode(metadata);
    checkVectors(metadata, message.headerType);
    const header = message.header();
    return { message, header };
  });
  if (found === null) throw notArrow(source, at);
  const { message, header } = found;
  const bodyBytes = message.bodyLength;
  if (!Number.isSafeInteger(bodyBytes) || bodyBytes < 0) throw notArrow(source, at);
  if (message.headerType === MessageHeader.Schema) return { kind: 'schema' as const, bodyBytes, rows: 0 };
  if (bodyBytes > MAX_BODY_BYTES) {
    const found = `one of ${bodyBytes} bytes at byte ${at}`;
    throw new DataError(
      `${source.name}: expected record batches of at most ${MAX_BODY_BYTES} bytes, found ${found}: write it in smaller ones (pyarrow: max_chunksize=10000)`,
    );
  }
  if (message.headerType === MessageHeader.DictionaryBatch) return { kind: 'dictionary' as const, bodyBytes, rows: 0 };
  if (message.headerType !== MessageHeader.RecordBatch) throw notArrow(source, at);
  return { kind: 'batch' as const, bodyBytes, rows: (header as unknown as { readonly length: number }).length };
}

function attempt<T>(action: () => T): T | null {
  try {
    return action();
  } catch {
    return null; // flatbuffers throws whatever the damage leads to
  }
}

const cutShort = ({ name }: ByteSource): DataError =>
  new DataError(`${name}: expected a whole Arrow file, found one that was cut short: write or copy it again`);

const notArrow = ({ name }: ByteSource, at: number): DataError =>
  new DataError(
    `${name}: expected an Arrow IPC stream or file, found other or damaged bytes at byte ${at}: write it again`,
  );

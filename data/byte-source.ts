import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { DataError } from './data-error.js';

/** A user's file, wherever it is kept; storage/ has the one on S3. It can be opened more than once. */
export interface ByteSource {
  /** File name, for messages and to tell the format. */
  readonly name: string;
  readonly bytes: number;
  open(): AsyncIterable<Uint8Array>;
  /** The bytes from `from` up to `to`, which is not among them. */
  openRange(from: number, to: number): AsyncIterable<Uint8Array>;
}

const CHUNK_BYTES = 1 << 20;

/** A file on the local disk. @throws DataError when there is none. */
export async function fileSource(path: string, name = basename(path)): Promise<ByteSource> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
      throw new DataError(`data.source: there is no file ${path}`);
    throw error;
  });
  if (!found.isFile()) throw new DataError(`data.source: expected a file, found a folder at ${path}`);
  return {
    name,
    bytes: found.size,
    open: () => createReadStream(path, { highWaterMark: CHUNK_BYTES }),
    async *openRange(from, to) {
      if (to > from) yield* createReadStream(path, { start: from, end: to - 1, highWaterMark: CHUNK_BYTES });
    },
  };
}

/** Bytes in memory. */
export const memorySource = (name: string, content: string | Uint8Array): ByteSource => {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return {
    name,
    bytes: bytes.byteLength,
    async *open() {
      yield bytes;
    },
    async *openRange(from, to) {
      yield bytes.subarray(from, to);
    },
  };
};

/** Few bytes, in memory; fewer than asked for where the source ends. */
export async function readRange(source: ByteSource, from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of source.openRange(from, to)) length += pieces.push(piece) && piece.byteLength;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}

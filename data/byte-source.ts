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
}

/** A file on the local disk. @throws DataError when there is none. */
export async function fileSource(path: string, name = basename(path)): Promise<ByteSource> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
      throw new DataError(`data.source: there is no file ${path}`);
    throw error;
  });
  if (!found.isFile()) throw new DataError(`data.source: expected a file, found a folder at ${path}`);
  return { name, bytes: found.size, open: () => createReadStream(path, { highWaterMark: 1 << 20 }) };
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
  };
};

import { writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { ByteSource } from '../byte-source.js';
import { DataError } from '../data-error.js';
import type { Compression } from '../readers/formats.js';
import { zstdStream } from '../readers/zstd.js';

/** Texts and tables pack to a tenth, rarely to a hundredth: more than this is a bomb, or was not meant. */
const MAX_RATIO = 200;
const ALWAYS_BYTES = 2 ** 30;

/** Writes what a packed file holds to `path`. @throws DataError for a damaged file and for a bomb. */
export async function unpack(
  source: ByteSource,
  compression: Compression,
  path: string,
  { signal, alwaysBytes = ALWAYS_BYTES }: { signal?: AbortSignal | undefined; alwaysBytes?: number } = {},
): Promise<void> {
  const limit = Math.max(alwaysBytes, source.bytes * MAX_RATIO);
  const pieces = compression === 'gzip' ? gunzipped(source) : unzstd(source);
  await writeFile(path, limited(pieces));

  async function* limited(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for await (const piece of pieces) {
      signal?.throwIfAborted();
      bytes += piece.byteLength;
      if (bytes > limit) throw bomb(source, limit);
      yield piece;
    }
  }
}

async function* gunzipped(source: ByteSource): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: 1 << 18 });
  const fed = pipeline(source.open(), gunzip);
  fed.catch(() => undefined); // the reader below sees it
  try {
    for await (const piece of gunzip) yield piece as Buffer;
    await fed;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code?.startsWith('Z_')) throw damaged(source, 'gzip', (error as Error).message);
    throw error;
  } finally {
    gunzip.destroy();
  }
}

/** Fed in small steps: what comes out of one is held until it is written. */
const STEP_BYTES = 1 << 13;

async function* unzstd(source: ByteSource): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  const stream = zstdStream((piece) => pieces.push(piece));
  const push = (bytes: Uint8Array, last: boolean): void => {
    try {
      stream.push(bytes, last);
    } catch (error) {
      throw damaged(source, 'zstd', (error as Error).message);
    }
  };
  for await (const chunk of source.open()) {
    for (let at = 0; at < chunk.length; at += STEP_BYTES) {
      push(chunk.subarray(at, at + STEP_BYTES), false);
      yield* pieces;
      pieces = [];
    }
  }
  push(new Uint8Array(0), true);
  yield* pieces;
}

const damaged = ({ name }: ByteSource, kind: string, said: string): DataError =>
  new DataError(`${name}: expected a whole ${kind} file, found a damaged one (${said}): pack or copy it again`);

const bomb = ({ name, bytes }: ByteSource, limit: number): DataError =>
  new DataError(
    `${name}: expected at most ${limit} bytes when unpacked (${MAX_RATIO} times its ${bytes}), found more: if it is meant, unpack it first`,
  );

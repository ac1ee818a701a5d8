import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { corrupt, isStoreError, StoreError } from '../errors.js';
import type { CallOptions, Connection } from './connection.js';

export interface ObjectHead {
  readonly etag: string;
  readonly bytes: number;
  /** As claimed by its uploader; null when the object was written by another tool. */
  readonly sha256: string | null;
}

/** What is known of the object without reading it, or null when there is none. */
export async function head(connection: Connection, key: string, options?: CallOptions): Promise<ObjectHead | null> {
  try {
    return await connection.call(key, options, async (signal) => {
      const command = new HeadObjectCommand({ Bucket: connection.bucket, Key: connection.fullKey(key) });
      const answer = await connection.client.send(command, connection.http(signal));
      return { etag: answer.ETag ?? '', bytes: answer.ContentLength ?? 0, sha256: answer.Metadata?.['sha256'] ?? null };
    });
  } catch (error) {
    if (isStoreError(error, 'missing')) return null;
    throw error;
  }
}

interface OpenBody {
  readonly body: Readable;
  readonly etag: string;
}

/** `range`: bytes from `from` up to `to`, which is not among them; all of them when it is left out. */
export async function openBody(
  connection: Connection,
  key: string,
  signal: AbortSignal | undefined,
  range?: { readonly from: number; readonly to: number },
): Promise<OpenBody> {
  const command = new GetObjectCommand({
    Bucket: connection.bucket,
    Key: connection.fullKey(key),
    ...(range && { Range: `bytes=${range.from}-${range.to - 1}` }),
  });
  const answer = await connection.client.send(command, connection.http(signal));
  if (answer.Body === undefined) throw new StoreError('unreachable', `${connection.where(key)} came without a body`);
  return { body: answer.Body as Readable, etag: answer.ETag ?? '' };
}

/**
 * Reads a body to its end or destroys it: one left half read would keep its connection for ever. A body shorter than the
 * answer said is an error of Node's own.
 */
export async function* readBody({ body }: OpenBody, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const stop = () => body.destroy(new Error('aborted'));
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of body) yield chunk as Buffer;
  } finally {
    signal?.removeEventListener('abort', stop);
    body.destroy();
  }
}

/** "Missing" decides what is restored, so it must be the store that says it, and not some server's 404 page. */
export async function saying<T>(connection: Connection, key: string, action: Promise<T>): Promise<T> {
  try {
    return await action;
  } catch (error) {
    if (!isStoreError(error, 'missing') || error.code === 'NoSuchKey') throw error;
    throw new StoreError(
      'denied',
      `${connection.where(key)}: 404 without NoSuchKey; is this an S3 endpoint?`,
      error.code,
    );
  }
}

/** For small objects: the whole of it in memory. */
export async function get(
  connection: Connection,
  key: string,
  options?: CallOptions,
): Promise<{ bytes: Buffer; etag: string }> {
  const reading = connection.call(key, options, async (signal) => {
    const open = await openBody(connection, key, signal);
    const chunks: Buffer[] = [];
    for await (const chunk of readBody(open, signal)) chunks.push(chunk);
    return { bytes: Buffer.concat(chunks), etag: open.etag };
  });
  return saying(connection, key, reading);
}

export interface Expected {
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * Streams the object beside `path`, checks size and digest, makes it durable and only then gives it its name:
 * a file at `path` is whole, whoever dies in between. Two at once do no harm: the later rename wins with equal bytes.
 */
export async function getToFile(
  connection: Connection,
  key: string,
  path: string,
  expect?: Expected,
  options?: CallOptions,
): Promise<{ sha256: string; bytes: number }> {
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.${randomUUID()}.part`;
  try {
    const got = await download(connection, key, part, options);
    if (expect && (got.sha256 !== expect.sha256 || got.bytes !== expect.bytes))
      throw corrupt(
        `${connection.where(key)} has ${got.bytes} bytes of SHA-256 ${got.sha256}, expected ${expect.bytes} bytes of ${expect.sha256}`,
      );
    await rename(part, path);
    return got;
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

async function download(connection: Connection, key: string, path: string, options?: CallOptions) {
  const file = await open(path, 'wx');
  const hash = createHash('sha256');
  let bytes = 0;
  // A failure of the local disk is not the store's: it must not be waited for.
  let ofDisk: unknown;
  try {
    const reading = connection.call(key, options, async (signal) => {
      for await (const chunk of readBody(await openBody(connection, key, signal), signal)) {
        hash.update(chunk);
        bytes += chunk.byteLength;
        await file.writeFile(chunk).catch((error: unknown) => {
          throw (ofDisk = error);
        });
      }
    });
    await saying(connection, key, reading);
    await file.sync();
  } catch (error) {
    throw ofDisk ?? error;
  } finally {
    await file.close();
  }
  return { sha256: hash.digest('hex'), bytes };
}

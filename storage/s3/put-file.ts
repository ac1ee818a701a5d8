/**
 * Uploads of files. Up to 64 MiB in one request; larger ones in parts, one part in memory at a time. A part is a
 * buffer and not a stream, because the SDK cannot send a stream again. A lost answer to the last request of a multipart
 * upload shows as 404 on its retry, so the object itself is looked at before anything is called a failure.
 *
 * A store that compares what arrives with its digest says so in its answer. Until one has, the bytes are hashed here before they are
 * sent: under a key that names their digest, damaged ones would be taken for what they are not.
 */
import { open, stat } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3';
import { sha256OfBytes } from '../digest.js';
import { corrupt, isStoreError, StoreError } from '../errors.js';
import { withBuffer } from './buffers.js';
import type { CallOptions, Connection } from './connection.js';
import { head } from './read.js';
import { base64OfHex, beforeSigning, putBytes, retriableIfDamagedOnTheWay, signedPayload } from './put.js';

const mib = 1024 * 1024;
const singlePutBytes = 64 * mib;
const maxParts = 10_000;

/** Whose store's last answer said that it compared. */
const comparing = new WeakSet<Connection>();

export async function putFile(
  connection: Connection,
  key: string,
  path: string,
  { sha256 }: { sha256: string },
  options?: CallOptions,
): Promise<void> {
  const { size } = await stat(path);
  if (size > singlePutBytes) return putParts(connection, { key, path, sha256, size }, options);
  await withBuffer(size, async (bytes) => {
    await readWhole(path, bytes);
    const checkHere = async () => {
      const found = await sha256OfBytes(bytes);
      if (found !== sha256) throw damagedHere(path, sha256, found);
    };
    const trusted = comparing.has(connection);
    if (!trusted) await checkHere();
    const { compared } = await putBytes(connection, { key, bytes, sha256 }, options).catch(async (error: unknown) => {
      if (isStoreError(error, 'corrupt')) await checkHere();
      throw error;
    });
    if (compared) comparing.add(connection);
    else if (trusted) {
      comparing.delete(connection);
      await checkHere();
    }
  });
}

async function readWhole(path: string, into: Buffer): Promise<void> {
  const file = await open(path);
  try {
    await readFully(file, into, 0, path);
  } finally {
    await file.close();
  }
}

const damagedHere = (path: string, expected: string, found: string) =>
  corrupt(`${path} has SHA-256 ${found}, expected ${expected}: the local copy is damaged and is not uploaded`);

interface Upload {
  readonly key: string;
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
}

interface PartsTo {
  /** As large as a part. */
  readonly buffer: Buffer;
  readonly target: { readonly Bucket: string; readonly Key: string; readonly UploadId: string | undefined };
}

async function putParts(connection: Connection, upload: Upload, options?: CallOptions): Promise<void> {
  const { key, sha256, size } = upload;
  const target = { Bucket: connection.bucket, Key: connection.fullKey(key) };
  const uploadId = await connection.call(key, options, async (signal) => {
    const command = new CreateMultipartUploadCommand({
      ...target,
      Metadata: { sha256 },
      ...(connection.sendsChecksums && { ChecksumAlgorithm: 'SHA256' as const, ChecksumType: 'COMPOSITE' as const }),
    });
    return (await connection.client.send(command, connection.http(signal))).UploadId;
  });
  try {
    const partBytes = Math.max(32 * mib, Math.ceil(size / maxParts / mib) * mib);
    const parts = await withBuffer(partBytes, (buffer) =>
      sendParts(connection, upload, { buffer, target: { ...target, UploadId: uploadId } }, options),
    );
    await connection.call(key, options, async (signal) => {
      const command = new CompleteMultipartUploadCommand({
        ...target,
        UploadId: uploadId,
        MultipartUpload: { Parts: parts },
      });
      await connection.client.send(command, connection.http(signal, size));
    });
  } catch (error) {
    const gone = isStoreError(error, 'missing');
    if (gone) {
      const there = await head(connection, key, options);
      if (there?.bytes === size && there.sha256 === sha256) return;
    }
    // Best effort, also after an abort: leftover parts cost space and nothing else.
    await connection.client
      .send(new AbortMultipartUploadCommand({ ...target, UploadId: uploadId }))
      .catch(() => undefined);
    if (gone)
      throw new StoreError('conflict', `the upload of ${connection.where(key)} was cancelled by another: try again`);
    throw error;
  }
}

async function sendParts(
  connection: Connection,
  { key, path, sha256, size }: Upload,
  { buffer, target }: PartsTo,
  options?: CallOptions,
): Promise<CompletedPart[]> {
  const partBytes = buffer.byteLength;
  const whole = createHash('sha256');
  const parts: CompletedPart[] = [];
  const file = await open(path);
  try {
    for (let at = 0; at < size; at += partBytes) {
      const bytes = buffer.subarray(0, Math.min(partBytes, size - at));
      await readFully(file, bytes, at, path);
      for (let from = 0; from < bytes.byteLength; from += 4 * mib) whole.update(bytes.subarray(from, from + 4 * mib));
      const digest = await sha256OfBytes(bytes);
      const number = parts.length + 1;
      const answer = await retriableIfDamagedOnTheWay(bytes, digest, () =>
        connection.call(key, options, (signal) => {
          const command = new UploadPartCommand({
            ...target,
            PartNumber: number,
            Body: bytes,
            ContentLength: bytes.byteLength,
            ...(connection.sendsChecksums && { ChecksumSHA256: base64OfHex(digest) }),
          });
          command.middlewareStack.add(signedPayload(digest), beforeSigning);
          return connection.client.send(command, connection.http(signal, bytes.byteLength));
        }),
      );
      parts.push({
        PartNumber: number,
        ETag: answer.ETag,
        ...(connection.sendsChecksums && { ChecksumSHA256: base64OfHex(digest) }),
      });
    }
  } finally {
    await file.close();
  }
  const found = whole.digest('hex');
  if (found !== sha256) throw damagedHere(path, sha256, found);
  return parts;
}

async function readFully(
  file: Awaited<ReturnType<typeof open>>,
  into: Buffer,
  at: number,
  path: string,
): Promise<void> {
  let filled = 0;
  while (filled < into.byteLength) {
    const { bytesRead } = await file.read(into, filled, into.byteLength - filled, at + filled);
    if (bytesRead === 0) throw corrupt(`${path} became shorter while it was being uploaded`);
    filled += bytesRead;
  }
}

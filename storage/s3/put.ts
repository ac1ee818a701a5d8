import { PutObjectCommand, type PutObjectCommandInput } from '@aws-sdk/client-s3';
import { sha256OfBytes } from '../digest.js';
import { isStoreError, StoreError } from '../errors.js';
import type { CallOptions, Connection } from './connection.js';

/** Hex SHA-256 as the base64 that checksum headers want. */
export const base64OfHex = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');

/**
 * Middleware that names the payload's hash. The signer takes one that is there; otherwise it hashes 64 MiB in one go and
 * blocks the event loop. The server compares it with what arrived, also where checksum headers are not accepted.
 */
export const signedPayload =
  (sha256: string) =>
  <Args extends { request: unknown }, Result>(next: (args: Args) => Promise<Result>) =>
  (args: Args): Promise<Result> => {
    const { request } = args;
    if (typeof request === 'object' && request !== null && 'headers' in request)
      Object.assign(request.headers as object, { 'x-amz-content-sha256': sha256 });
    return next(args);
  };

export const beforeSigning = { step: 'build', name: 'temperSignedPayload' } as const;

export interface PutBytes {
  readonly key: string;
  readonly bytes: Uint8Array;
  /** Known digest of the bytes; worked out when absent. */
  readonly sha256?: string | undefined;
  readonly condition?: Pick<PutObjectCommandInput, 'IfMatch' | 'IfNoneMatch'> | undefined;
}

export interface Stored {
  readonly etag: string;
  /** Whether the store's answer names the digest: then it has worked it out itself. Not every store does. */
  readonly compared: boolean;
}

export async function putBytes(
  connection: Connection,
  { key, bytes, sha256, condition }: PutBytes,
  options?: CallOptions,
): Promise<Stored> {
  const digest = sha256 ?? (await sha256OfBytes(bytes));
  const sending = retriableIfDamagedOnTheWay(bytes, digest, () =>
    connection.call(key, options, async (signal) => {
      const command = new PutObjectCommand({
        Bucket: connection.bucket,
        Key: connection.fullKey(key),
        Body: bytes,
        ContentLength: bytes.byteLength,
        Metadata: { sha256: digest },
        ...(connection.sendsChecksums && { ChecksumSHA256: base64OfHex(digest) }),
        ...condition,
      });
      command.middlewareStack.add(signedPayload(digest), beforeSigning);
      const answer = await connection.client.send(command, connection.http(signal, bytes.byteLength));
      return { etag: answer.ETag ?? '', compared: answer.ChecksumSHA256 === base64OfHex(digest) };
    }),
  );
  return condition?.IfMatch === undefined ? sending.catch(missingMeansConflict) : sending;
}

/** An object that is being created cannot be missing: the store's own folder was, deleted as empty in that moment. */
function missingMeansConflict(error: unknown): never {
  if (!isStoreError(error, 'missing')) throw error;
  throw new StoreError('conflict', `${error.message}, though it was being written: try again`, error.code);
}

/** A digest mismatch is the network's fault as long as the bytes here still are what they should be: then send again. */
export async function retriableIfDamagedOnTheWay<T>(
  bytes: Uint8Array,
  sha256: string,
  send: () => Promise<T>,
): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (!isStoreError(error, 'corrupt') || (await sha256OfBytes(bytes)) !== sha256) throw error;
    const sentence = `${error.message}, though they are right here: they were damaged on the way`;
    throw new StoreError('unreachable', sentence, error.code);
  }
}

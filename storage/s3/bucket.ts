import { CreateBucketCommand, DeleteObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { isStoreError } from '../errors.js';
import { eachOf } from '../each-of.js';
import type { CallOptions, Connection } from './connection.js';

export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  readonly etag: string;
  /** By the store's clock; for people to read, never for the protocol. */
  readonly lastModified: Date | null;
}

export interface ListOptions extends CallOptions {
  /** Only keys after this one, in the order of the listing. */
  readonly startAfter?: string | undefined;
}

/** In the order of the keys as strings. */
export async function* list(
  connection: Connection,
  prefix: string,
  options?: ListOptions,
): AsyncGenerator<ListedObject> {
  let token: string | undefined;
  do {
    const page = await connection.call(prefix, options, (signal) =>
      connection.client.send(
        new ListObjectsV2Command({
          Bucket: connection.bucket,
          Prefix: connection.fullKey(prefix),
          ...(options?.startAfter !== undefined && { StartAfter: connection.fullKey(options.startAfter) }),
          ...(token !== undefined && { ContinuationToken: token }),
        }),
        connection.http(signal),
      ),
    );
    for (const { Key, Size, ETag, LastModified } of page.Contents ?? [])
      if (Key !== undefined)
        yield { key: connection.ownKey(Key), bytes: Size ?? 0, etag: ETag ?? '', lastModified: LastModified ?? null };
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

/**
 * Deleting what is not there succeeds, also where two delete at once and the store tells the slower one 404 (versitygw).
 * One request a key: not every store takes them in batches.
 */
export async function deleteObjects(
  connection: Connection,
  keys: readonly string[],
  options?: CallOptions,
): Promise<void> {
  await eachOf(keys, 8, async (key) => {
    try {
      await connection.call(key, options, async (signal) => {
        const command = new DeleteObjectCommand({ Bucket: connection.bucket, Key: connection.fullKey(key) });
        await connection.client.send(command, connection.http(signal));
      });
    } catch (error) {
      if (!isStoreError(error, 'missing')) throw error;
    }
  });
}

/** One request that proves endpoint, credentials and bucket: a listing, because its failures come with a reason. */
export async function check(connection: Connection, options?: CallOptions): Promise<void> {
  await connection.call(undefined, options, (signal) =>
    connection.client.send(
      new ListObjectsV2Command({ Bucket: connection.bucket, Prefix: connection.fullKey(''), MaxKeys: 1 }),
      connection.http(signal),
    ),
  );
}

export async function ensureBucket(connection: Connection, options?: CallOptions): Promise<void> {
  try {
    return await check(connection, options);
  } catch (error) {
    if (!isStoreError(error, 'denied') || error.code !== 'NoSuchBucket') throw error;
  }
  try {
    await connection.call(undefined, options, (signal) =>
      connection.client.send(new CreateBucketCommand({ Bucket: connection.bucket }), connection.http(signal)),
    );
  } catch (error) {
    if (!isStoreError(error, 'conflict')) throw error;
  }
  await check(connection, options);
}

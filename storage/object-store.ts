import { check, deleteObjects, ensureBucket, list, type ListedObject, type ListOptions } from './s3/bucket.js';
import { connect, type CallOptions, type StoreSettings } from './s3/connection.js';
import { putFile } from './s3/put-file.js';
import { putBytes } from './s3/put.js';
import { rangesToFile, type ByteRange } from './s3/read-ranges.js';
import { get, getToFile, head, type Expected, type ObjectHead } from './s3/read.js';

export type { CallOptions, StoreSettings } from './s3/connection.js';
export type { ListedObject, ListOptions } from './s3/bucket.js';
export type { ByteRange } from './s3/read-ranges.js';
export type { Expected, ObjectHead } from './s3/read.js';

/**
 * The bucket as the rest of Temper sees it. Every method throws a StoreError named by what to do next (errors.ts),
 * takes a signal, and never waits on a dead connection. Keys are without the settings' prefix.
 */
export interface ObjectStore {
  /** For sentences: "bucket temper at http://127.0.0.1:9000", or "KEY in bucket …". */
  where(key?: string): string;
  /** The whole object in memory: for manifests and the like. */
  get(key: string, options?: CallOptions): Promise<{ bytes: Buffer; etag: string }>;
  /** Streamed, checked against `expect`, made durable, then renamed to `path`. */
  getToFile(
    key: string,
    path: string,
    expect?: Expected,
    options?: CallOptions,
  ): Promise<{ sha256: string; bytes: number }>;
  /** Some ranges of its bytes, one after the other, as one file; `corrupt` when they are not what `sha256` says. */
  rangesToFile(
    key: string,
    path: string,
    ranges: readonly ByteRange[],
    expect: { sha256: string },
    options?: CallOptions,
  ): Promise<void>;
  put(key: string, bytes: Uint8Array, options?: CallOptions): Promise<{ etag: string }>;
  /** `precondition` when the key is taken: perhaps by this very request, sent twice. */
  putIfAbsent(key: string, bytes: Uint8Array, options?: CallOptions): Promise<{ etag: string }>;
  /** `precondition` when the object changed since `etag` was read, `missing` when it is gone. */
  putIfMatch(key: string, bytes: Uint8Array, etag: string, options?: CallOptions): Promise<{ etag: string }>;
  /** Any size; `corrupt` when the file is not what `sha256` says. */
  putFile(key: string, path: string, expect: { sha256: string }, options?: CallOptions): Promise<void>;
  head(key: string, options?: CallOptions): Promise<ObjectHead | null>;
  list(prefix: string, options?: ListOptions): AsyncIterable<ListedObject>;
  delete(keys: readonly string[], options?: CallOptions): Promise<void>;
  ensureBucket(options?: CallOptions): Promise<void>;
  check(options?: CallOptions): Promise<void>;
  /** Closes idle connections. */
  close(): void;
}

export function openObjectStore(settings: StoreSettings): ObjectStore {
  const connection = connect(settings);
  return {
    where: (key) => connection.where(key),
    get: (key, options) => get(connection, key, options),
    getToFile: (key, path, expect, options) => getToFile(connection, key, path, expect, options),
    rangesToFile: (key, path, ranges, expect, options) => rangesToFile(connection, key, path, ranges, expect, options),
    put: (key, bytes, options) => putBytes(connection, { key, bytes }, options),
    putIfAbsent: (key, bytes, options) =>
      putBytes(connection, { key, bytes, condition: { IfNoneMatch: '*' } }, options),
    putIfMatch: (key, bytes, etag, options) =>
      putBytes(connection, { key, bytes, condition: { IfMatch: etag } }, options),
    putFile: (key, path, expect, options) => putFile(connection, key, path, expect, options),
    head: (key, options) => head(connection, key, options),
    list: (prefix, options) => list(connection, prefix, options),
    delete: (keys, options) => deleteObjects(connection, keys, options),
    ensureBucket: (options) => ensureBucket(connection, options),
    check: (options) => check(connection, options),
    close: () => connection.client.destroy(),
  };
}

/** Another bucket behind the same endpoint, with the same credentials: a user's own data. */
export async function withBucket<Result>(
  { prefix: _, ...settings }: StoreSettings,
  bucket: string,
  use: (store: ObjectStore) => Promise<Result>,
): Promise<Result> {
  const store = openObjectStore({ ...settings, bucket });
  try {
    return await use(store);
  } finally {
    store.close();
  }
}

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { eachOf } from '../../storage/each-of.js';
import { DataError } from '../../data/data-error.js';
import { isStoreError } from '../../storage/errors.js';
import type { ObjectStore } from '../../storage/object-store.js';
import { parseS3Url, type S3Url } from '../../storage/s3-url.js';

const AT_ONCE = 4;

export interface Buckets {
  readonly withBucket: <Result>(bucket: string, use: (store: ObjectStore) => Promise<Result>) => Promise<Result>;
  readonly signal?: AbortSignal | undefined;
}

/** @throws DataError for what is no `s3://bucket/key`. */
export function bucketAndKey(place: string): S3Url {
  const url = parseS3Url(place);
  if (!url) throw new DataError(`data.source: expected s3://bucket/key, found ${place}`);
  return url;
}

export const noObject = (place: string): DataError => new DataError(`data.source: there is no object ${place}`);

export interface ObjectsAt {
  /** Of all names: ends with a slash, or is empty. */
  readonly prefix: string;
  /** None where nothing is. */
  readonly names: readonly string[];
  /** The key is that of one object. */
  readonly isOne: boolean;
}

/**
 * What is at a key, nothing of it fetched: the object of that name, else all below it as below a folder. @param place What
 * messages call it. @throws DataError where the store itself says that nothing is there; StoreError for a bucket that is not.
 */
export function objectsAt(place: string, { bucket, key }: S3Url, { withBucket, signal }: Buckets): Promise<ObjectsAt> {
  return withBucket(bucket, async (store) => {
    const isFolder = key === '' || key.endsWith('/');
    if (!isFolder && (await store.head(key, { ...(signal && { signal }) })) !== null) {
      const at = key.lastIndexOf('/') + 1;
      return { prefix: key.slice(0, at), names: [key.slice(at)], isOne: true };
    }
    const prefix = isFolder ? key : `${key}/`;
    return { prefix, names: await listObjects(store, prefix, signal), isOne: false };
  }).catch((error: unknown) => {
    throw isStoreError(error, 'missing') ? noObject(place) : error;
  });
}

/** Keys below a prefix, without it. */
export async function listObjects(
  store: ObjectStore,
  prefix: string,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { key } of store.list(prefix, { ...(signal && { signal }) })) {
    if (!key.endsWith('/')) names.push(key.slice(prefix.length));
  }
  return names;
}

/** Local copies of some objects below a prefix, in their order. */
export async function fetchObjects(
  store: ObjectStore,
  prefix: string,
  names: readonly string[],
  folder: string,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const copies = names.map((name) => ({ name, path: join(folder, randomUUID()) }));
  await eachOf(copies, AT_ONCE, async ({ name, path }) => {
    await store.getToFile(`${prefix}${name}`, path, undefined, { ...(signal && { signal }) });
  });
  return copies.map(({ path }) => path);
}

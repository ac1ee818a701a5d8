import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ObjectKey, Sha256, StoredFile } from '../workflows/contract.js';
import { sha256OfBytes, sha256OfFile } from './digest.js';
import { isStoreError } from './errors.js';
import type { CallOptions, ObjectStore } from './object-store.js';

/** A file already digested saves a reading of it. */
export interface LocalFile {
  readonly path: string;
  readonly sha256?: Sha256 | undefined;
  readonly bytes?: number | undefined;
}

/**
 * Uploads under a key that is named by the content (layout.ts), unless an object of this size and digest is there.
 * `keyFor` gets the digest: `(sha256) => sourceKey(sha256, 'csv')`.
 */
export async function putContent(
  store: ObjectStore,
  keyFor: ObjectKey | ((sha256: Sha256) => ObjectKey),
  given: string | LocalFile | Uint8Array,
  options?: CallOptions & { name?: string | undefined },
): Promise<StoredFile> {
  const content = typeof given === 'string' ? { path: given } : given;
  const inMemory = content instanceof Uint8Array;
  const { sha256, bytes } = inMemory
    ? { sha256: await sha256OfBytes(content), bytes: content.byteLength }
    : 'sha256' in content && content.sha256 !== undefined && content.bytes !== undefined
      ? { sha256: content.sha256, bytes: content.bytes }
      : await sha256OfFile(content.path);
  const key = typeof keyFor === 'function' ? keyFor(sha256) : keyFor;
  const there = await store.head(key, options);
  // Stores and tools that drop our metadata are believed by the size: the key itself names the digest.
  const same = there !== null && there.bytes === bytes && (there.sha256 ?? sha256) === sha256;
  if (!same) {
    if (inMemory) await store.put(key, content, options);
    else await store.putFile(key, content.path, { sha256 }, options);
  }
  const name = options?.name ?? (inMemory ? basename(key) : basename(content.path));
  return { name, key, sha256, bytes };
}

/**
 * The path of a local copy, named by its content: `<cacheFolder>/<sha256>`. A copy gets that name only after its digest
 * was checked and its bytes are on the disk. One that is there is hashed again before it is used: disks forget, and people
 * edit. Treat it as read-only. Two processes may fetch the same file at once.
 */
export async function fetchFile(
  store: ObjectStore,
  file: Pick<StoredFile, 'key' | 'sha256' | 'bytes'>,
  cacheFolder: string,
  options?: CallOptions,
): Promise<string> {
  const path = join(cacheFolder, file.sha256);
  if (await isWhole(path, file)) return path;
  try {
    await store.getToFile(file.key, path, file, options);
  } catch (error) {
    // Once more, so that a bit flipped on the way is not taken for one flipped in the store.
    if (!isStoreError(error, 'corrupt')) throw error;
    await store.getToFile(file.key, path, file, options);
  }
  return path;
}

/** Whether a local file is what its digest says. */
export async function isWhole(path: string, expect: { sha256: Sha256; bytes: number }): Promise<boolean> {
  try {
    if ((await stat(path)).size !== expect.bytes) return false;
    return (await sha256OfFile(path)).sha256 === expect.sha256;
  } catch {
    return false;
  }
}

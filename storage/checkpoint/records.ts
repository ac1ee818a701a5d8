import type { RunId } from '../../workflows/contract.js';
import { sha256OfSmall } from '../digest.js';
import { eachOf } from '../each-of.js';
import { corrupt, isStoreError } from '../errors.js';
import { checkpointKey, checkpointsFolder, quarantineKey, sequenceOf } from '../layout.js';
import type { CallOptions, ObjectStore } from '../object-store.js';
import { checkpointFormat, decodeRecord, encodeRecord, type CheckpointRecord } from './manifest.js';

export interface ListedRecord {
  readonly sequence: number;
  readonly etag: string;
  readonly committedAt: Date | null;
}

export interface StoredBytes {
  readonly bytes: Buffer;
  readonly etag: string;
}

/** What stands at a sequence number. */
export type Found =
  | ({ readonly kind: 'record'; readonly sequence: number; readonly record: CheckpointRecord } & StoredBytes)
  | ({ readonly kind: 'damaged'; readonly sequence: number; readonly reason: string } & StoredBytes)
  | { readonly kind: 'absent'; readonly sequence: number };

/** All sequence numbers that are taken, from `from` on, ascending. */
export async function listRecords(
  store: ObjectStore,
  run: RunId,
  options?: CallOptions & { from?: number },
): Promise<ListedRecord[]> {
  const startAfter = options?.from === undefined ? undefined : checkpointKey(run, options.from - 1);
  const listed: ListedRecord[] = [];
  for await (const { key, etag, lastModified } of store.list(checkpointsFolder(run), { ...options, startAfter })) {
    const sequence = sequenceOf(key);
    if (sequence !== null) listed.push({ sequence, etag, committedAt: lastModified });
  }
  return listed;
}

/** Damage is reported only after a second reading found it too. A record of another version is thrown as `corrupt`. */
export async function readRecord(
  store: ObjectStore,
  run: RunId,
  sequence: number,
  options?: CallOptions,
): Promise<Found> {
  const first = await readOnce(store, run, sequence, options);
  return first.kind === 'damaged' ? readOnce(store, run, sequence, options) : first;
}

async function readOnce(store: ObjectStore, run: RunId, sequence: number, options?: CallOptions): Promise<Found> {
  const key = checkpointKey(run, sequence);
  try {
    const stored = await store.get(key, options);
    const decoded = decodeRecord(stored.bytes, { run, sequence });
    if (decoded.kind === 'foreign')
      throw corrupt(
        `${store.where(key)} was written by another version of Temper (${decoded.reason}); use that version`,
      );
    return { ...decoded, ...stored, sequence };
  } catch (error) {
    if (isStoreError(error, 'missing')) return { kind: 'absent', sequence };
    throw error;
  }
}

export const readRecords = (
  store: ObjectStore,
  run: RunId,
  sequences: readonly number[],
  options?: CallOptions,
): Promise<Found[]> => eachOf(sequences, 16, (sequence) => readRecord(store, run, sequence, options));

export type Replaced = 'replaced' | 'changed';

/** Replaces a record by If-Match. `changed`: it is no longer what was read, so look again. */
export async function replaceRecord(
  store: ObjectStore,
  found: StoredBytes,
  replacement: CheckpointRecord,
  options?: CallOptions,
): Promise<Replaced> {
  const key = checkpointKey(replacement.run, replacement.sequence);
  const bytes = encodeRecord(replacement);
  try {
    await store.putIfMatch(key, bytes, found.etag, options);
    return 'replaced';
  } catch (error) {
    if (isStoreError(error, 'missing')) return 'changed';
    if (!isStoreError(error, 'precondition')) throw error;
  }
  // 412 is also how our own success looks when its answer was lost and the request was sent again.
  const now = await readOnce(store, replacement.run, replacement.sequence, options);
  return now.kind === 'record' && now.bytes.equals(bytes) ? 'replaced' : 'changed';
}

/** Rule 3: a copy aside first, then the record takes the damaged one's place. */
export async function quarantine(
  store: ObjectStore,
  { run, sequence, reason }: { run: RunId; sequence: number; reason: string },
  found: StoredBytes,
  options?: CallOptions,
): Promise<Replaced> {
  const copy = quarantineKey(run, sequence, sha256OfSmall(found.bytes));
  await store.put(copy, found.bytes, options);
  const record: CheckpointRecord = { kind: 'quarantine', format: checkpointFormat, run, sequence, reason, copy };
  return replaceRecord(store, found, record, options);
}

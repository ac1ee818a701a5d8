/** Reads every byte that a run's checkpoints name, and says what is not what its digest says. Changes nothing. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Manifest } from '../../storage/checkpoint/manifest.js';
import { listRecords, readRecord } from '../../storage/checkpoint/records.js';
import { isStoreError } from '../../storage/errors.js';
import type { ObjectStore } from '../../storage/object-store.js';
import type { RunId } from '../../workflows/contract.js';

export interface VerifiedCheckpoint {
  readonly sequence: number;
  readonly step: number | null;
  /** `gone`: retired or quarantined, so there is nothing left to verify. */
  readonly verdict: 'sound' | 'damaged' | 'gone';
  /** What is wrong with it, a sentence each. */
  readonly problems: readonly string[];
  readonly shards: number;
  readonly bytes: number;
}

type Digested = Pick<Manifest['shards'][number], 'key' | 'sha256' | 'bytes'>;

/** `only`: this sequence number alone. */
export async function* verifyCheckpoints(
  store: ObjectStore,
  run: RunId,
  only: number | null,
): AsyncGenerator<VerifiedCheckpoint> {
  const folder = await mkdtemp(join(tmpdir(), 'temper-verify-'));
  const known = new Map<string, string | null>(); // the base model is shared by all checkpoints: read once
  const problemOf = async (file: Digested): Promise<string | null> => {
    const name = `${file.key} ${file.sha256}`;
    if (!known.has(name)) known.set(name, await readThrough(store, file, folder));
    return known.get(name) ?? null;
  };
  try {
    const listed = only === null ? (await listRecords(store, run)).map(({ sequence }) => sequence) : [only];
    for (const sequence of listed) yield await verify(store, run, sequence, problemOf);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function verify(
  store: ObjectStore,
  run: RunId,
  sequence: number,
  problemOf: (file: Digested) => Promise<string | null>,
): Promise<VerifiedCheckpoint> {
  const nothing = { sequence, step: null, shards: 0, bytes: 0 };
  const found = await readRecord(store, run, sequence);
  if (found.kind === 'absent') return { ...nothing, verdict: 'gone', problems: ['there is no such checkpoint'] };
  if (found.kind === 'damaged') return { ...nothing, verdict: 'damaged', problems: [`manifest: ${found.reason}`] };
  const { record } = found;
  if (record.kind === 'quarantine') return { ...nothing, verdict: 'gone', problems: [`quarantined: ${record.reason}`] };
  if (record.kind === 'tombstone') return { ...nothing, step: record.was.step, verdict: 'gone', problems: ['retired'] };
  const problems: string[] = [];
  for (const file of [...record.shards, ...record.base]) {
    const problem = await problemOf(file);
    if (problem !== null) problems.push(problem);
  }
  return {
    sequence,
    step: record.step,
    verdict: problems.length > 0 ? 'damaged' : 'sound',
    problems,
    shards: record.shards.length,
    bytes: record.shards.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** Streamed to a file that goes at once, so that memory stays flat; null when every byte is as its digest says. */
async function readThrough(store: ObjectStore, file: Digested, folder: string): Promise<string | null> {
  const path = join(folder, 'part');
  try {
    await store.getToFile(file.key, path, file);
    return null;
  } catch (error) {
    if (isStoreError(error, 'corrupt', 'missing')) return error.message;
    throw error;
  } finally {
    await rm(path, { force: true });
  }
}

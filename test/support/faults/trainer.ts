/**
 * A worker in small: what activities/session does with the store, without Temporal and without tensors. A state is a function of
 * the one before it, so a run of it has one possible end, and a try takes a fraction of a second.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commitCheckpoint } from '../../../storage/checkpoint/commit.js';
import { collectOrphans } from '../../../storage/checkpoint/orphans.js';
import { findNewestCheckpoint } from '../../../storage/checkpoint/restore.js';
import { retireCheckpoints } from '../../../storage/checkpoint/retention.js';
import type { ObjectStore } from '../../../storage/object-store.js';
import type { CheckpointRef, RunId, Sha256 } from '../../../workflows/contract.js';
import { lineage, localShard } from '../../storage/checkpoint/states.js';

export interface SmallRun {
  readonly run: RunId;
  readonly steps: number;
  /** For snapshots and what is fetched; of this worker alone. */
  readonly folder: string;
  /** Called before each step: to wait, to be overtaken. */
  readonly beforeStep?: (step: number) => Promise<void>;
}

export const stateDigestAt = (step: number): Sha256 => hash(stateAt(step));

const hash = (text: string | Uint8Array) => createHash('sha256').update(text).digest('hex') as Sha256;

/** What training comes to: the content of the state at a step, whoever computes it. */
function stateAt(step: number): string {
  let state = 'start';
  for (let at = 0; at < step; at++) state = hash(`${state} ${at}`);
  return state;
}

/** Trains to the last step from whatever is there; another one that was ahead is gone on from. Says what it ended with. */
export async function train(store: ObjectStore, small: SmallRun): Promise<CheckpointRef> {
  for (;;) {
    const ended = await session(store, small);
    if (ended) return ended;
  }
}

/** null: another one was ahead. */
async function session(
  store: ObjectStore,
  { run, steps, folder, beforeStep }: SmallRun,
): Promise<CheckpointRef | null> {
  const found = await findNewestCheckpoint(store, { run, lineage, cacheFolder: join(folder, 'cache') });
  let at = found.kind === 'found' ? { ref: found.ref, state: await contentOf(found.files[0]!) } : null;
  while (at === null || at.ref.step < steps) {
    const step: number = at === null ? 0 : at.ref.step + 1;
    await beforeStep?.(step);
    const state: string = at === null ? 'start' : hash(`${at.state} ${at.ref.step}`);
    const shard = await localShard(folder, state);
    const { kind, ref } = await commitCheckpoint(store, {
      run,
      parent: at?.ref ?? null,
      position: { step, epoch: 0, cursor: step },
      lineage,
      stateDigest: hash(state),
      shards: [shard],
      base: [],
      observations: [],
      createdBy: { fingerprint: 'small', session: folder },
      strict: true,
      firstPauseMs: 5,
    });
    if (kind === 'adopted' || kind === 'rewind') return null;
    await retireCheckpoints(store, { run, lineage, keep: { last: 1, steps: [] }, newest: ref });
    await collectOrphans(store, { newest: ref });
    at = { ref, state };
  }
  return at.ref;
}

/** The state as it was stored, read back from the shard. */
async function contentOf(path: string): Promise<string> {
  const bytes = await readFile(path);
  const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString('utf8')) as object;
  return Object.keys(header)[0]!;
}

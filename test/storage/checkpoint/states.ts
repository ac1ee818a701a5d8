import { createHash, randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commitCheckpoint, type CommitResult, type LocalShard } from '../../../storage/checkpoint/commit.js';
import { decodeRecord, type CheckpointRecord } from '../../../storage/checkpoint/manifest.js';
import { checkpointKey, shardsFolder } from '../../../storage/layout.js';
import type { Waiting } from '../../../storage/until-reachable.js';
import type { ObjectStore } from '../../../storage/object-store.js';
import type { CheckpointRef, RunId, Sha256 } from '../../../workflows/contract.js';

/** Small states for the protocol's tests. */
export const digestOf = (text: string | Uint8Array): Sha256 =>
  createHash('sha256').update(text).digest('hex') as Sha256;
export const lineage = digestOf('lineage');
export const freshRun = (): RunId => `run-${randomUUID()}` as RunId;

/** A safetensors file with one F32 vector of zeros, and `content` as its name. */
export function safetensors(content: string, floats = 4): Buffer {
  const header = JSON.stringify({
    [content]: { dtype: 'F32', shape: [floats], data_offsets: [0, 4 * floats] },
  });
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, Buffer.from(padded), Buffer.alloc(4 * floats)]);
}

export async function localShard(folder: string, content: string, floats?: number): Promise<LocalShard> {
  const bytes = safetensors(content, floats);
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${randomUUID()}.safetensors`);
  await writeFile(path, bytes);
  return { path, sha256: digestOf(bytes), bytes: bytes.byteLength, tensors: 1 };
}

export interface StateOptions {
  readonly run: RunId;
  readonly step: number;
  readonly parent?: CheckpointRef | null;
  /** Names of the shards; equal names are equal bytes. The state is these, unless `digest` says otherwise. */
  readonly shards?: readonly string[];
  /** Size of each shard; default: 4. */
  readonly floats?: number;
  readonly digest?: string;
  readonly lineage?: Sha256;
  readonly strict?: boolean;
  readonly signal?: AbortSignal;
  readonly onWaiting?: (waiting: Waiting) => void;
}

export async function commitState(store: ObjectStore, folder: string, options: StateOptions): Promise<CommitResult> {
  const { run, step, parent = null, strict = true, signal } = options;
  const names = options.shards ?? [`weights ${step}`, `slots ${step}`];
  const shards = await Promise.all(names.map((name) => localShard(folder, name, options.floats)));
  return commitCheckpoint(store, {
    run,
    parent,
    position: { step, epoch: Math.floor(step / 100), cursor: step % 100 },
    lineage: options.lineage ?? lineage,
    stateDigest: digestOf(options.digest ?? names.join()),
    shards,
    base: [],
    observations: step === 0 ? [] : [{ step, epoch: 1, loss: 1 / step, accuracy: 0.5, f1: 0.5, examples: 10 }],
    createdBy: { fingerprint: 'test', session: 'test' },
    strict,
    signal,
    onWaiting: options.onWaiting,
    firstPauseMs: 5,
  });
}

/** Commits step after step, each the parent of the next. */
export async function commitChain(
  store: ObjectStore,
  folder: string,
  run: RunId,
  steps: readonly number[],
  options: Partial<StateOptions> = {},
): Promise<CheckpointRef[]> {
  const refs: CheckpointRef[] = [];
  for (const step of steps) {
    const { ref } = await commitState(store, folder, { run, step, parent: refs.at(-1) ?? null, ...options });
    refs.push(ref);
  }
  return refs;
}

export async function recordAt(store: ObjectStore, run: RunId, sequence: number): Promise<CheckpointRecord> {
  const { bytes } = await store.get(checkpointKey(run, sequence));
  const decoded = decodeRecord(bytes, { run, sequence });
  if (decoded.kind !== 'record') throw new Error(`${sequence}: ${decoded.reason}`);
  return decoded.record;
}

export async function keysBelow(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

export const shardKeysOf = (store: ObjectStore, run: RunId): Promise<string[]> => keysBelow(store, shardsFolder(run));

/**
 * A state on disk: every tensor that the base model's file does not already hold, as safetensors shards.
 *
 * That is what trains with its optimizer slots, and the head. Its digest names the state and nothing else (no host, no
 * time, no cut into shards): equal digests mean equal bits of everything the next step reads.
 */
import { createHash, webcrypto } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensorsHeader, readTensors, writeSafetensors, type SafetensorsHeader } from '../models/safetensors.js';
import type { Position, Sha256 } from '../workflows/contract.js';
import { inBatches } from './in-batches.js';

export interface ShardFile {
  readonly path: string;
  readonly sha256: Sha256;
  readonly bytes: number;
  readonly tensors: number;
}

export interface SavedState {
  readonly position: Position;
  readonly stateDigest: Sha256;
  readonly shards: readonly ShardFile[];
}

export interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly read: () => Float32Array;
}

/** A shard is at most this large, unless a single tensor is larger. */
const SHARD_BYTES = 64 * 2 ** 20;

const MAX_COPIED_BYTES = 2 ** 30;

/** What is assigned in one call. */
const AT_ONCE_BYTES = 32 * 2 ** 20;

const sha256 = (bytes: Uint8Array | string): Sha256 => createHash('sha256').update(bytes).digest('hex') as Sha256;
const sizeOf = (tensor: StoredTensor) => 4 * tensor.shape.reduce((product, size) => product * size, 1);

/**
 * Blocks the training, so the digests of tensors and of shards are taken at the same time. Not fsynced: a host that loses its
 * power goes on from S3, and what it has on disk is only used where its digest is right.
 */
export async function saveState(
  tensors: readonly StoredTensor[],
  position: Position,
  folder: string,
): Promise<SavedState> {
  await mkdir(folder, { recursive: true });
  const lines: string[] = [];
  let digesting: Promise<unknown> = Promise.resolve();
  const shards: ShardFile[] = [];
  for (const [i, group] of cutIntoShards(tensors).entries()) {
    const path = join(folder, `${String(i).padStart(5, '0')}.safetensors`);
    const toWrite = group.map(({ name, shape, read }) => ({
      name,
      dtype: 'F32' as const,
      shape,
      bytes: async () => {
        await digesting; // of the one before: two are in memory at the most
        const values = read();
        const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
        digesting = digestOf(bytes).then((digest) => lines.push(`${name} F32 [${shape.join(',')}] ${digest}`));
        return bytes;
      },
    }));
    shards.push({ path, ...(await writeSafetensors(path, toWrite, { durable: false })), tensors: group.length });
  }
  await digesting;
  const { step, epoch, cursor } = position;
  return { position, stateDigest: sha256([...lines.sort(), `at ${step} ${epoch} ${cursor}`, ''].join('\n')), shards };
}

/** On a thread of its own, of a copy; one that is too large for that is hashed here. */
async function digestOf(bytes: Uint8Array): Promise<Sha256> {
  if (bytes.byteLength > MAX_COPIED_BYTES) return sha256(bytes);
  return Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)).toString(
    'hex',
  ) as Sha256;
}

const cutIntoShards = (tensors: readonly StoredTensor[]) =>
  inBatches(
    [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1)).map((tensor) => ({ ...tensor, bytes: sizeOf(tensor) })),
    SHARD_BYTES,
  );

/** Where pre-trained values are read from. */
export interface BaseWeights {
  /** Tensors that the base model's files hold, by our names. */
  readonly names: ReadonlySet<string>;
  /** Their values as our model has them, one in memory at a time. */
  read(names: Iterable<string>): AsyncIterable<{ readonly name: string; readonly values: Float32Array }>;
}

export interface LoadState {
  readonly variables: ReadonlyMap<string, readonly number[]>;
  readonly base: BaseWeights;
  readonly shardPaths: readonly string[];
  /** Whether a variable that no file holds begins at zero: the optimizer's slots before the first step. */
  readonly beginsAtZero: (name: string) => boolean;
  /** Average -> the weight it begins as. */
  readonly averages: ReadonlyMap<string, string>;
  readonly assignAll: (values: ReadonlyMap<string, Float32Array>) => void;
}

/**
 * Assigns every variable: from the shards where they hold it, else from the base's files, else what it begins as. A tensor of
 * another shape, or one that nobody expects, is refused before anything is assigned.
 */
export async function loadState({
  variables,
  base,
  shardPaths,
  beginsAtZero,
  averages,
  assignAll,
}: LoadState): Promise<void> {
  const shards = await Promise.all(shardPaths.map(readSafetensorsHeader));
  const stored = checkStored(shards, variables);
  const begins = new Map(Array.from(averages, ([average, weight]) => [weight, average]));
  const pending = new Map<string, Float32Array>();
  let pendingBytes = 0;
  const assign = (name: string, values: Float32Array): void => {
    pending.set(name, values);
    pendingBytes += values.byteLength;
    if (pendingBytes >= AT_ONCE_BYTES) flush();
  };
  const flush = (): void => {
    assignAll(pending);
    pending.clear();
    pendingBytes = 0;
  };
  const give = (name: string, values: Float32Array): void => {
    assign(name, values);
    const average = begins.get(name);
    if (average !== undefined && !stored.has(average)) assign(average, values);
  };
  const given = new Set(stored);
  for (const shard of shards) {
    for await (const { name, values } of readTensors(shard)) give(name, values as Float32Array);
  }
  const fromBase = [...base.names].filter((name) => variables.has(name) && !stored.has(name));
  for await (const { name, values } of base.read(fromBase)) {
    give(name, values);
    given.add(name);
  }
  for (const [name, shape] of variables) {
    if (given.has(name) || averages.has(name)) continue;
    if (!beginsAtZero(name)) throw new Error(`no file holds a value for ${name}`);
    assign(name, new Float32Array(shape.reduce((product, size) => product * size, 1)));
  }
  if (pending.size > 0) flush();
}

/** Names of the tensors that the shards hold. */
function checkStored(
  shards: readonly SafetensorsHeader[],
  variables: ReadonlyMap<string, readonly number[]>,
): ReadonlySet<string> {
  const stored = new Set<string>();
  for (const shard of shards) {
    for (const [name, { shape }] of shard.tensors) {
      const expected = variables.get(name);
      const found = `[${shape.join(', ')}]`;
      if (!expected) throw new Error(`${shard.path}: tensor ${name} ${found} belongs to nothing that this run trains`);
      if (`[${expected.join(', ')}]` !== found) {
        throw new Error(`${shard.path}: tensor ${name} has shape ${found}, expected [${expected.join(', ')}]`);
      }
      stored.add(name);
    }
  }
  return stored;
}

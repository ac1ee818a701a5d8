/**
 * A state on disk: every tensor that the base model's file does not already hold, as safetensors shards.
 *
 * That is what trains with its optimizer slots, and the head. Its digest names the state and nothing else (no host, no
 * time, no cut into shards): equal digests mean equal bits of everything the next step reads.
 */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensorsHeader, readTensors, writeSafetensors, type SafetensorsHeader } from '../models/safetensors.js';
import type { Position, Sha256 } from '../workflows/contract.js';

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

const sha256 = (bytes: Uint8Array | string): Sha256 => createHash('sha256').update(bytes).digest('hex') as Sha256;
const sizeOf = (tensor: StoredTensor) => 4 * tensor.shape.reduce((product, size) => product * size, 1);

export async function saveState(
  tensors: readonly StoredTensor[],
  position: Position,
  folder: string,
): Promise<SavedState> {
  await mkdir(folder, { recursive: true });
  const lines: string[] = [];
  const shards: ShardFile[] = [];
  for (const [i, group] of cutIntoShards(tensors).entries()) {
    const path = join(folder, `${String(i).padStart(5, '0')}.safetensors`);
    const toWrite = group.map(({ name, shape, read }) => ({
      name,
      dtype: 'F32' as const,
      shape,
      bytes: () => {
        const values = read();
        const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
        lines.push(`${name} F32 [${shape.join(',')}] ${sha256(bytes)}`);
        return bytes;
      },
    }));
    shards.push({ path, ...(await writeSafetensors(path, toWrite)), tensors: group.length });
  }
  const { step, epoch, cursor } = position;
  return { position, stateDigest: sha256([...lines.sort(), `at ${step} ${epoch} ${cursor}`, ''].join('\n')), shards };
}

function cutIntoShards(tensors: readonly StoredTensor[]): StoredTensor[][] {
  const groups: StoredTensor[][] = [];
  let room = 0;
  for (const tensor of [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (groups.length === 0 || sizeOf(tensor) > room) {
      groups.push([]);
      room = SHARD_BYTES;
    }
    groups.at(-1)!.push(tensor);
    room -= sizeOf(tensor);
  }
  return groups;
}

/**
 * Assigns every variable: from the shards where they hold it, else from the base file, else zero (slots before the first
 * step). A tensor of another shape, or one that nobody expects, is refused before anything is assigned.
 */
export async function loadState(
  variables: ReadonlyMap<string, readonly number[]>,
  base: { header: SafetensorsHeader; nameInFile: ReadonlyMap<string, string> },
  shardPaths: readonly string[],
  assign: (name: string, values: Float32Array) => void,
): Promise<void> {
  const shards = await Promise.all(shardPaths.map(readSafetensorsHeader));
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
  for (const shard of shards) {
    for await (const { name, values } of readTensors(shard)) assign(name, values as Float32Array);
  }
  const inBase = [...variables.keys()].filter((name) => !stored.has(name) && base.nameInFile.has(name));
  const ours = new Map(inBase.map((name) => [base.nameInFile.get(name)!, name]));
  for await (const { name, values } of readTensors(base.header, ours.keys())) {
    assign(ours.get(name)!, Float32Array.from(values as Float32Array));
  }
  for (const [name, shape] of variables) {
    if (stored.has(name) || base.nameInFile.has(name)) continue;
    if (!name.startsWith('adamw.')) throw new Error(`no file holds a value for ${name}`);
    assign(name, new Float32Array(shape.reduce((product, size) => product * size, 1)));
  }
}

/**
 * A state on disk: every tensor that the base model's file does not already hold, as safetensors shards.
 *
 * That is what trains with its optimizer slots, and the head. Its digest names the state and nothing else (no host, no
 * time, no cut into shards): equal digests mean equal bits of everything the next step reads.
 */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { elementsOf } from '../../models/safetensors-header.js';
import type { Position, Sha256 } from '../../workflows/contract.js';
import { inBatches } from '../in-batches.js';
import { shardWriter, writeMeanwhile, type ShardWriter } from './shard-writers.js';
import type { TensorBytes, WrittenShard } from './write-shard.js';

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
  /** Values that nobody else needs: they are handed over to a thread. Called once, in the order of the names. */
  readonly read: () => Float32Array;
}

/**
 * A shard is at most this large, unless a single tensor is larger. It is handed over as soon as it is read, before V8 begins to
 * collect garbage for what is alive (free.ts).
 */
const SHARD_BYTES = 32 * 2 ** 20;

const bytesOf = ({ shape }: StoredTensor) => 4 * elementsOf(shape);
const bytesOfAll = (tensors: readonly StoredTensor[]) => tensors.reduce((sum, tensor) => sum + bytesOf(tensor), 0);

/** Of a state that is written while nothing else is done: as many shards as there are writers. */
const FEW_BYTES = 2 * SHARD_BYTES;
/** Of one that is written while the next steps are done; for the rest of it they wait. */
const MEANWHILE_BYTES = 512 * 2 ** 20;

export interface Saving {
  /** Every value is read: the variables may change. */
  readonly read: Promise<void>;
  readonly saved: Promise<SavedState>;
}

/** Saves while nothing else is done. */
export const saveState = (tensors: readonly StoredTensor[], position: Position, folder: string): Promise<SavedState> =>
  startSave(tensors, { position, folder, memoryBytes: FEW_BYTES, write: shardWriter(bytesOfAll(tensors)) }).saved;

/** Saves while this thread trains on, which hardly ever turns to anything else: other threads do it, however little there is. */
export const saveMeanwhile = (tensors: readonly StoredTensor[], position: Position, folder: string): Saving =>
  startSave(tensors, { position, folder, memoryBytes: MEANWHILE_BYTES, write: writeMeanwhile });

interface HowToSave {
  readonly position: Position;
  readonly folder: string;
  /** How much may be read and not yet written: a shard at the least. */
  readonly memoryBytes: number;
  readonly write: ShardWriter;
}

/** This thread only reads from TensorFlow. */
function startSave(tensors: readonly StoredTensor[], { position, folder, memoryBytes, write }: HowToSave): Saving {
  const groups = cutIntoShards(tensors);
  const writing: Promise<WrittenShard>[] = [];
  const pathOf = (i: number) => join(folder, `${String(i).padStart(5, '0')}.safetensors`);

  async function readAll(): Promise<void> {
    await mkdir(folder, { recursive: true });
    let held = 0;
    for (const [i, group] of groups.entries()) {
      const bytes = bytesOfAll(group);
      for (let oldest = 0; held > 0 && held + bytes > memoryBytes; oldest++) await writing[oldest];
      held += bytes;
      const written = write(i, { path: pathOf(i), tensors: group.map(bytesToGive) });
      writing.push(written.finally(() => (held -= bytes)));
      writing.at(-1)!.catch(() => undefined); // it is awaited in its turn
    }
  }

  async function finish(): Promise<SavedState> {
    try {
      await read;
    } finally {
      await Promise.allSettled(writing); // who hears of a failure may remove the folder
    }
    const written = await Promise.all(writing);
    const shards = written.map(({ sha256, bytes }, i) => {
      return { path: pathOf(i), sha256, bytes, tensors: groups[i]!.length };
    });
    return { position, stateDigest: digestOf(written, position), shards };
  }

  const read = readAll();
  const saved = finish();
  saved.catch(() => undefined); // whoever asks for it hears of it
  return { read, saved };
}

function bytesToGive({ name, shape, read }: StoredTensor): TensorBytes {
  const values = read();
  const own = values.byteLength === values.buffer.byteLength ? values : values.slice();
  return { name, shape, bytes: new Uint8Array(own.buffer as ArrayBuffer) };
}

function digestOf(written: readonly WrittenShard[], { step, epoch, cursor }: Position): Sha256 {
  const lines = written.flatMap((shard) => shard.lines).sort();
  const text = [...lines, `at ${step} ${epoch} ${cursor}`, ''].join('\n');
  return createHash('sha256').update(text).digest('hex') as Sha256;
}

const cutIntoShards = (tensors: readonly StoredTensor[]) =>
  inBatches(
    [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1)).map((tensor) => ({ ...tensor, bytes: bytesOf(tensor) })),
    SHARD_BYTES,
  );

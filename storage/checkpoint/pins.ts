/**
 * Pins: who else needs a checkpoint of this run (forks, trials, schedules). A pin is written first and the manifest read
 * again after it, because retention writes its tombstone first and lists the pins after that: one of the two sees the other.
 */
import { z } from 'zod';
import type { CheckpointRef, RunId } from '../../workflows/contract.js';
import { corrupt, isStoreError, StoreError } from '../errors.js';
import { checkpointKey, pinKey, pinsFolder } from '../layout.js';
import type { CallOptions, ObjectStore } from '../object-store.js';
import { readRecord } from './records.js';

const pinSchema = z.object({
  format: z.literal('temper-pin/1'),
  sequence: z.int().positive(),
  /** The run or schedule that needs it, for people. */
  neededBy: z.string(),
});

export interface Pin {
  readonly name: string;
  readonly sequence: number;
  readonly neededBy: string;
}

/** Throws `missing`, with the pin taken back, when the checkpoint was retired before it could be pinned. */
export async function pinCheckpoint(
  store: ObjectStore,
  ref: CheckpointRef,
  { name, neededBy }: { name: string; neededBy: string },
  options?: CallOptions,
): Promise<void> {
  const key = pinKey(ref.run, name);
  const pin = { format: 'temper-pin/1', sequence: ref.sequence, neededBy } as const;
  await store.put(key, Buffer.from(`${JSON.stringify(pin)}\n`), options);
  const found = await readRecord(store, ref.run, ref.sequence, options);
  if (found.kind === 'record' && found.record.kind === 'manifest') return;
  await store.delete([key], options);
  throw new StoreError(
    'missing',
    `${store.where(checkpointKey(ref.run, ref.sequence))} was retired and cannot be pinned`,
  );
}

export const unpin = (store: ObjectStore, run: RunId, name: string, options?: CallOptions): Promise<void> =>
  store.delete([pinKey(run, name)], options);

/** Throws `corrupt` for a pin that cannot be read: what it protects is not known, so nothing may be deleted. */
export async function listPins(store: ObjectStore, run: RunId, options?: CallOptions): Promise<Pin[]> {
  const folder = pinsFolder(run);
  const pins: Pin[] = [];
  for await (const { key } of store.list(folder, options)) {
    const bytes = await bytesOf(store, key, options);
    if (bytes === null) continue; // dropped since it was listed
    const parsed = pinSchema.safeParse(parseJson(bytes.toString('utf8')));
    if (!parsed.success)
      throw corrupt(`${store.where(key)} is no readable pin: delete it if nothing needs that checkpoint any more`);
    const { sequence, neededBy } = parsed.data;
    pins.push({ name: key.slice(folder.length).replace(/\.json$/, ''), sequence, neededBy });
  }
  return pins;
}

async function bytesOf(store: ObjectStore, key: string, options?: CallOptions): Promise<Buffer | null> {
  try {
    return (await store.get(key, options)).bytes;
  } catch (error) {
    if (isStoreError(error, 'missing')) return null;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import { join } from 'node:path';
import type { StateOnDisk } from '../../engine/protocol.js';
import { ModelError } from '../../models/model-error.js';
import { readSafetensorsHeader } from '../../models/safetensors.js';
import { isStoreError } from '../../storage/errors.js';
import { fetchCheckpoint } from '../../storage/checkpoint/restore.js';
import { untilReachable } from '../../storage/until-reachable.js';
import type { Fork } from '../../workflows/contract.js';
import type { SessionDesk } from '../dependencies.js';

/**
 * The state that a fork begins from, on this host's disk with every shard verified. `fresh`: what this run's job would have begun
 * with. What is new in the model must have the same names and shapes in both, or the state is of another architecture.
 */
export async function forkedState(
  session: SessionDesk,
  { from }: Fork,
  fresh: StateOnDisk,
  folder: string,
  signal: AbortSignal,
): Promise<StateOnDisk> {
  const fetched = await untilReachable(() => fetchCheckpoint(session.store, from, join(folder, 'forked'), { signal }), {
    signal,
  }).catch((error: unknown) => {
    if (!isStoreError(error, 'missing', 'corrupt')) throw error;
    throw new ModelError(`checkpoint ${from.sequence} of ${from.run} cannot be forked: ${error.message}`);
  });
  const [expected, found] = await Promise.all([
    shapesOf(fresh.shards.map(({ path }) => path)),
    shapesOf(fetched.files),
  ]);
  for (const [name, shape] of expected) {
    if (found.get(name) === shape) continue;
    const what = found.get(name) ?? 'nothing';
    throw new ModelError(
      `checkpoint ${from.sequence} of ${from.run}: tensor ${name} is ${what}, this job's model has ${shape}: fork with a job of the same architecture`,
    );
  }
  const shards = fetched.manifest.shards.map(({ sha256, bytes, tensors }, i) => ({
    ...{ path: fetched.files[i]!, sha256, bytes, tensors },
  }));
  const { step, epoch, cursor } = from;
  return { position: { step, epoch, cursor }, stateDigest: from.stateDigest, shards };
}

async function shapesOf(paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const headers = await Promise.all(paths.map(readSafetensorsHeader));
  return new Map(
    headers.flatMap(({ tensors }) => [...tensors].map(([name, { shape }]) => [name, `[${shape.join(', ')}]`])),
  );
}

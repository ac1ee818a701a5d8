import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { datasetOf, fetchFeatures, fetchShards } from '../../activities/dataset-of.js';
import type { PoisonBundle } from '../../activities/poison-bundle.js';
import { EngineDied } from '../../engine/failure.js';
import { fetchCheckpoint } from '../../storage/checkpoint/restore.js';
import { fetchFile } from '../../storage/content.js';
import { materialize } from '../../storage/materialize.js';
import type { ObjectStore } from '../../storage/object-store.js';
import { withEngine } from './local-engine.js';

export interface Replayed {
  readonly died: boolean;
  /** What the engine died of, or what the step came to. */
  readonly message: string;
  readonly said: readonly string[];
  /** This machine computes as the one where it died does. */
  readonly sameFingerprint: boolean;
}

export interface ReplayOptions {
  readonly allowModules: boolean;
  readonly patienceMs: number;
  readonly onStage: (stage: string) => void;
}

/** Does a bundle's step again, in an engine of this machine, from the checkpoint before it. */
export async function replayStep(store: ObjectStore, bundle: PoisonBundle, options: ReplayOptions): Promise<Replayed> {
  const scratch = await mkdtemp(join(tmpdir(), 'temper-replay-'));
  try {
    return await inFolder(store, bundle, options, scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function inFolder(
  store: ObjectStore,
  { context, plan, checkpoint, step, fingerprint, observations, adjusted }: PoisonBundle,
  { allowModules, patienceMs, onStage }: ReplayOptions,
  scratch: string,
): Promise<Replayed> {
  const { job, model, dataset, features, synonyms } = context;
  const { signal } = new AbortController();
  const stores = { store, cacheFolder: scratch };
  onStage('fetching model, data and checkpoint');
  const modelFolder = await materialize(store, model.files, scratch, `model-${model.digest}`);
  const manifest = await datasetOf(stores, dataset, signal);
  const shards = await fetchShards(stores, dataset, manifest, signal);
  const kept = features && { width: features.width, shards: await fetchFeatures(stores, features, signal) };
  const table = synonyms && { synonyms: await fetchFile(store, synonyms, scratch, { signal }) };
  const { files } = await fetchCheckpoint(store, checkpoint, join(scratch, 'state'));
  const local = { log: 'replay', threads: fingerprint.intraOpThreads, tf32: job.train.precision === 'tf32' };
  return withEngine({ ...local, allowModules, patienceMs }, async (engine) => {
    const here = await engine.fingerprint();
    const sameFingerprint = here.digest === fingerprint.digest;
    onStage('compiling');
    const loaded = { job, modelFolder, dataset: manifest, shards, features: kept ?? null, ...table, train: true };
    const { trainableDigest } = await engine.request('load', { key: scratch, ...loaded });
    if (trainableDigest !== plan.digest)
      throw new Error(`the run trains ${plan.digest}, here it is ${trainableDigest}`);
    await engine.request('restore', { shards: files, position: checkpoint });
    onStage(`doing step ${step} again`);
    try {
      const until = { step, minutes: null };
      const told = adjusted && { adjusted };
      const asked = { until, observations, folder: join(scratch, 'reached'), suspect: step, ...told };
      const { state, stats } = await engine.request('train', asked);
      const message = `step ${state.position.step} went through here, with a loss of ${stats.meanLoss.toPrecision(6)}`;
      return { died: false, message, said: [], sameFingerprint };
    } catch (error) {
      if (!(error instanceof EngineDied)) throw error;
      return { died: true, message: error.message, said: error.said, sameFingerprint };
    }
  });
}

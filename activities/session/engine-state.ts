import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { log } from '@temporalio/activity';
import { fetchCheckpoint } from '../../storage/checkpoint/restore.js';
import { fetchFile, isWhole } from '../../storage/content.js';
import { untilReachable } from '../../storage/until-reachable.js';
import type { CheckpointRef, FeaturesRef, Snapshot, StateRef, TrainProgress } from '../../workflows/contract.js';
import { sessionClosed } from '../as-activity.js';
import type { EngineRequests, LoadRequest } from '../../engine/protocol.js';
import type { EngineDesk, SessionDesk } from '../dependencies.js';
import { askEngine } from './ask-engine.js';
import { keepLocalState, offerLocalState } from './local-state.js';
import { graphOf, type StateInput } from './state-input.js';
import { endAhead } from './training-job.js';
import { modelFolder } from '../model-folder.js';
import { datasetOf, fetchFeatures, fetchShards } from '../dataset-of.js';
import { isDamage, makeFeatures } from './features.js';

/** Where findCheckpoint leaves the shards it verified, so that the restore that follows need not fetch them again. It goes with the session. */
export const shardFolder = ({ workFolder, host }: SessionDesk): string => join(workFolder, 'shards', host.session);
export const removeShards = (session: SessionDesk): Promise<void> =>
  rm(shardFolder(session), { recursive: true, force: true });

const announce = (session: SessionDesk, stage: TrainProgress['stage'], at: StateRef) => {
  const { step, epoch, cursor } = at;
  const position = { step, epoch, cursor };
  session.desk.progress = { stage, position, loss: null, learningRate: null, examplesPerSecond: null };
};

/** Makes the engine hold exactly the state of `at`: warm when it does already, else from S3 or this host's disk. */
export async function ensureState(
  session: SessionDesk,
  input: StateInput,
  at: StateRef,
  signal: AbortSignal,
): Promise<void> {
  const { desk, store } = session;
  const loaded = desk.loaded === graphOf(input);
  if (loaded && desk.holds === at.stateDigest) return removeShards(session);
  await desk.training?.result.catch(() => undefined); // of a session before, which nobody has asked for again
  await endAhead(desk);
  const waiting = { signal, onWaiting: () => announce(session, 'waiting-for-store', at) };
  announce(session, 'compiling', at);
  if (!loaded) await untilReachable(() => load(session, input, at, signal), waiting);
  announce(session, 'restoring', at);
  const { step, epoch, cursor } = at;
  const position = { step, epoch, cursor };
  const onDisk = at.kind === 'snapshot' && desk.snapshots.get(at.folder);
  if (onDisk) {
    for (const shard of onDisk.shards) {
      if (await isWhole(shard.path, shard)) continue;
      throw sessionClosed(`the snapshot of step ${step} on this host is damaged: ${shard.path} is not what it was`);
    }
    await restore(session, { shards: onDisk.shards.map(({ path }) => path), position });
  } else {
    const folder = shardFolder(session);
    const { run } = input.context;
    const stored = at.kind === 'snapshot' ? uploadedAs(desk, at) : at;
    await offerLocalState(session, run, folder);
    const fetched = () => fetchCheckpoint(store, stored, folder, { signal });
    const { files, manifest } = await untilReachable(fetched, waiting);
    await restore(session, { shards: files, position });
    await keepLocalState(
      session,
      run,
      manifest.shards.map(({ sha256, bytes }, i) => ({ sha256, bytes, path: files[i]! })),
    );
    await removeShards(session);
  }
  desk.holds = at.stateDigest;
}

/** The checkpoint that a snapshot has become, which made room for others since it was asked for. */
function uploadedAs({ uploaded }: EngineDesk, { folder, step }: Snapshot): CheckpointRef {
  if (uploaded?.folder === folder) return uploaded.ref;
  throw sessionClosed(`the snapshot of step ${step} is not on this host`);
}

async function restore(session: SessionDesk, input: EngineRequests['restore']['input']): Promise<void> {
  const restored = askEngine(session, 'restore', input);
  session.desk.restoring = restored.catch(() => undefined);
  session.desk.holds = null; // until every tensor is assigned
  await restored;
}

/** Fetches model and data to this host and has the engine build its graph; free when that is done already. */
async function load(session: SessionDesk, input: StateInput, at: StateRef, signal: AbortSignal): Promise<void> {
  const { desk } = session;
  const { context, plan } = input;
  const { job, model, dataset, features, synonyms } = context;
  const kept = features ? await keptFeatures(session, input, features, at, signal) : null;
  const manifest = await datasetOf(session, dataset, signal);
  const request = {
    key: graphOf(input),
    job,
    modelFolder: await modelFolder(session, model, { signal }),
    dataset: manifest,
    shards: await fetchShards(session, dataset, manifest, signal),
    features: kept,
    ...(synonyms && { synonyms: await fetchFile(session.store, synonyms, session.cacheFolder, { signal }) }),
    train: true,
  };
  const loading = askEngine(session, 'load', request);
  desk.loaded = null;
  desk.holds = null; // a graph of its own has variables of its own
  const { trainableDigest, warnings } = await loading;
  for (const warning of warnings) log.warn(warning, { run: context.run });
  if (trainableDigest !== plan.digest) {
    throw new Error(`the freeze plan names tensors of digest ${plan.digest}, this engine works out ${trainableDigest}`);
  }
  desk.loaded = request.key;
}

/** Shards of kept features on this host; those that do not verify are computed again. */
async function keptFeatures(
  session: SessionDesk,
  input: StateInput,
  features: FeaturesRef,
  at: StateRef,
  signal: AbortSignal,
): Promise<LoadRequest['features']> {
  try {
    return { width: features.width, shards: await fetchFeatures(session, features, signal) };
  } catch (error) {
    if (!isDamage(error)) throw error;
    log.warn('kept features are damaged', { error: (error as Error).message });
    const ensureWhole = (whole: StateInput) => ensureState(session, whole, at, signal);
    const made = await makeFeatures(session, { ...input, at }, ensureWhole, { signal, verify: true });
    if (!made) throw sessionClosed('asked to stop while damaged features were computed again');
    return { width: made.ref.width, shards: await fetchFeatures(session, made.ref, signal, made.files) };
  }
}

import { createHash, randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { featuresManifestSchema, type FeaturesManifest } from '../../data/features-manifest.js';
import { putContent } from '../../storage/content.js';
import { sha256OfSmall } from '../../storage/digest.js';
import { isStoreError } from '../../storage/errors.js';
import { featuresFileKey } from '../../storage/layout.js';
import type { CallOptions } from '../../storage/object-store.js';
import { untilReachable } from '../../storage/until-reachable.js';
import type {
  FeaturesRef,
  ObjectKey,
  SessionActivities,
  Sha256,
  StateRef,
  StoredFile,
  TrainingContext,
} from '../../workflows/contract.js';
import { asActivity } from '../as-activity.js';
import type { SessionDesk } from '../dependencies.js';
import { askEngine } from './ask-engine.js';
import { ensureState } from './engine-state.js';
import { datasetOf, featuresShardKey } from '../dataset-of.js';

const MANIFEST = 'manifest.json';

/** Changes when kept features would differ for the same input. */
const FORMAT = 'temper-features/1';

/**
 * Runs the frozen base over every example and stores what it makes of them, a shard of features for each shard of data. A shard
 * that is on S3 with its note is not computed again, so whatever died goes on where it was.
 */
export const computeFeatures =
  (session: SessionDesk): SessionActivities['computeFeatures'] =>
  ({ context, plan, at }) =>
    asActivity(
      async (signal) => {
        const digest = featuresDigest(session, context);
        const known = await untilReachable(() => findFeatures(session, digest, { signal }), { signal });
        if (known) return known;
        const { features: _, ...whole } = context;
        const manifest = await untilReachable(() => datasetOf(session, context.dataset, signal), { signal });
        const files: FeaturesManifest['files'][number][] = [];
        let width = 0;
        for (const [index, { name, split, rows }] of manifest.files.entries()) {
          const note = `${featuresShardKey(digest, index)}.json` as ObjectKey;
          const done = await untilReachable(() => readNote(session, note, { signal }), { signal });
          const file = done ?? (await computeShard(session, { context: whole, plan, at, digest, index, signal }));
          if (!done) await untilReachable(() => session.store.put(note, asJson(file), { signal }), { signal });
          ({ width } = file);
          files.push({ ...file, name, split, rows });
        }
        const bytes = asJson({ format: FORMAT, width, files });
        const put = () =>
          putContent(session.store, featuresFileKey(digest, MANIFEST), bytes, { signal, name: MANIFEST });
        return { manifest: await untilReachable(put, { signal }), digest, width };
      },
      () => session.desk.progress,
    );

/** A function of all that the features are: base weights, data as prepared, how the base is read, and the numerics. */
function featuresDigest({ host }: SessionDesk, { job, model, dataset }: TrainingContext): Sha256 {
  const numerics = job.exactness === 'strict' ? host.fingerprint.digest : job.exactness;
  const { task, pooling, pretrained, seed } = job;
  const weights = pretrained ? model.digest : [model.digest, seed];
  const text = JSON.stringify([FORMAT, task, pooling, job.train.precision, weights, dataset.digest, numerics]);
  return createHash('sha256').update(text).digest('hex') as Sha256;
}

interface ShardToCompute {
  readonly context: TrainingContext;
  readonly plan: Parameters<SessionActivities['computeFeatures']>[0]['plan'];
  readonly at: StateRef;
  readonly digest: Sha256;
  /** Among the files of the data set's manifest. */
  readonly index: number;
  readonly signal: AbortSignal;
}

async function computeShard(
  session: SessionDesk,
  { context, plan, at, digest, index, signal }: ShardToCompute,
): Promise<{ sha256: Sha256; bytes: number; width: number }> {
  await ensureState(session, { context, plan }, at, signal);
  const path = join(session.workFolder, `features-${randomUUID()}.arrow`);
  try {
    const { sha256, bytes, width } = await askEngine(session, 'computeFeatures', { file: index, path });
    const key = featuresShardKey(digest, index);
    await untilReachable(() => putContent(session.store, key, { path, sha256, bytes }, { signal }), { signal });
    return { sha256, bytes, width };
  } finally {
    await rm(path, { force: true });
  }
}

async function findFeatures({ store }: SessionDesk, digest: Sha256, options: CallOptions): Promise<FeaturesRef | null> {
  const key = featuresFileKey(digest, MANIFEST);
  const bytes = await getIfThere(store, key, options);
  if (!bytes) return null;
  const { width } = featuresManifestSchema.parse(JSON.parse(bytes.toString()));
  const manifest: StoredFile = { name: MANIFEST, key, sha256: sha256OfSmall(bytes), bytes: bytes.byteLength };
  return { manifest, digest, width };
}

async function readNote({ store }: SessionDesk, key: ObjectKey, options: CallOptions) {
  const bytes = await getIfThere(store, key, options);
  return bytes && (JSON.parse(bytes.toString()) as { sha256: Sha256; bytes: number; width: number });
}

async function getIfThere({ get }: SessionDesk['store'], key: ObjectKey, options: CallOptions): Promise<Buffer | null> {
  try {
    return (await get(key, options)).bytes;
  } catch (error) {
    if (isStoreError(error, 'missing')) return null;
    throw error;
  }
}

const asJson = (value: object): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value)}\n`);

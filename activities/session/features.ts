/**
 * What a frozen base makes of a data set, on S3: a shard of features for each shard of data, found by the digest of all that they
 * are a function of.
 *
 * 1. A shard's object is put, named by its place and its content.
 * 2. Its note (`NNNNN.json`) is put: from now on nobody computes it again.
 * 3. When every shard has a note, the manifest is put: from now on nobody looks at the notes.
 *
 * So whatever dies goes on with the shards that are there. What is found damaged or gone later is computed again in its place.
 */
import { createHash, randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { log } from '@temporalio/activity';
import {
  featuresManifestSchema,
  featuresNoteSchema,
  type FeaturesManifest,
  type FeaturesNote,
} from '../../data/features-manifest.js';
import { fetchFile } from '../../storage/content.js';
import { sha256OfSmall } from '../../storage/digest.js';
import { isStoreError } from '../../storage/errors.js';
import { featuresFileKey, featuresShardKey } from '../../storage/layout.js';
import { untilReachable } from '../../storage/until-reachable.js';
import type {
  FeaturesRef,
  FreezePlan,
  ObjectKey,
  Sha256,
  StateRef,
  TrainingContext,
} from '../../workflows/contract.js';
import { sessionClosed } from '../as-activity.js';
import { datasetOf } from '../dataset-of.js';
import type { SessionDesk } from '../dependencies.js';
import { askEngine } from './ask-engine.js';

const MANIFEST = 'manifest.json';

/** Changes when kept features would differ for the same input. */
const FORMAT = 'temper-features/2';

export interface FeaturesInput {
  readonly context: TrainingContext;
  readonly plan: FreezePlan;
  readonly at: StateRef;
}

/** Makes the engine hold the whole model, base included. */
export type EnsureWhole = (input: FeaturesInput, signal: AbortSignal) => Promise<void>;

export interface MadeFeatures {
  readonly ref: FeaturesRef;
  readonly files: FeaturesManifest['files'];
}

/** A function of all that the features are: base weights, data as prepared, how the base is read, and the numerics. */
export function featuresDigest({ host }: SessionDesk, { job, model, dataset }: TrainingContext): Sha256 {
  const numerics = job.exactness === 'strict' ? host.fingerprint.digest : job.exactness;
  const { task, pooling } = job;
  const text = JSON.stringify([FORMAT, task, pooling, job.train.precision, model.digest, dataset.digest, numerics]);
  return createHash('sha256').update(text).digest('hex') as Sha256;
}

/** Features that some run has made whole; null: none has, or the manifest is not to be read. */
export async function findFeatures(
  session: SessionDesk,
  { context }: FeaturesInput,
  signal: AbortSignal,
): Promise<FeaturesRef | null> {
  const digest = featuresDigest(session, context);
  const key = featuresFileKey(digest, MANIFEST);
  const bytes = await untilReachable(() => getIfThere(session, key, signal), { signal });
  const manifest = bytes && parsed(featuresManifestSchema, bytes);
  if (!manifest) return null;
  return refOf(manifest, { digest, key, bytes, computedRows: 0 });
}

/**
 * Computes what is not there yet. `verify` also reads what is there, and computes again what does not verify. null: it was asked to
 * stop, by an operator or a shutdown, and what was computed stays.
 */
export async function makeFeatures(
  session: SessionDesk,
  input: FeaturesInput,
  ensureWhole: EnsureWhole,
  { signal, verify = false }: { readonly signal: AbortSignal; readonly verify?: boolean },
): Promise<MadeFeatures | null> {
  const { features: _, ...context } = input.context;
  const whole = { ...input, context };
  const digest = featuresDigest(session, context);
  const dataset = await untilReachable(() => datasetOf(session, context.dataset, signal), { signal });
  const files: FeaturesManifest['files'][number][] = [];
  let [width, computedRows] = [0, 0];
  for (const [index, { name, split, rows }] of dataset.files.entries()) {
    let note = await readNote(session, digest, index, signal);
    if (note && verify && !(await verifies(session, digest, index, note, signal))) note = null;
    if (!note) {
      if (session.draining || session.interruptRequested) return null;
      await ensureWhole(whole, signal);
      note = await computeShard(session, digest, index, signal);
      if (!note) return null;
      computedRows += rows;
    }
    ({ width } = note);
    files.push({ name, split, rows, sha256: note.sha256, bytes: note.bytes });
  }
  const manifest: FeaturesManifest = { format: FORMAT, width, files };
  const key = featuresFileKey(digest, MANIFEST);
  const bytes = Buffer.from(asJson(manifest));
  await untilReachable(() => session.store.put(key, bytes, { signal }), { signal });
  return { ref: refOf(manifest, { digest, key, bytes, computedRows }), files };
}

/** An answer that says that bytes are wrong or gone: what was there can be made again. */
export const isDamage = (error: unknown): boolean => isStoreError(error, 'corrupt', 'missing');

async function computeShard(
  session: SessionDesk,
  digest: Sha256,
  index: number,
  signal: AbortSignal,
): Promise<FeaturesNote | null> {
  const { store, workFolder } = session;
  const path = join(workFolder, `features-${randomUUID()}.arrow`);
  try {
    const computed = await askEngine(session, 'computeFeatures', { file: index, path });
    if (!computed) {
      if (session.draining || session.interruptRequested) return null;
      throw sessionClosed('the engine was asked to stop by a session before this one');
    }
    // Never taken for there by its size and its digest in the metadata: a damaged one may have both.
    const { sha256, bytes, width } = computed;
    const key = featuresShardKey(digest, index, sha256);
    await untilReachable(() => store.putFile(key, path, { sha256 }, { signal }), { signal });
    const note = { sha256, bytes, width };
    await untilReachable(() => store.put(noteKey(digest, index), asJson(note), { signal }), { signal });
    return note;
  } finally {
    await rm(path, { force: true });
  }
}

async function verifies(
  { store, cacheFolder }: SessionDesk,
  digest: Sha256,
  index: number,
  { sha256, bytes }: FeaturesNote,
  signal: AbortSignal,
): Promise<boolean> {
  const file = { key: featuresShardKey(digest, index, sha256 as Sha256), sha256: sha256 as Sha256, bytes };
  try {
    await untilReachable(() => fetchFile(store, file, cacheFolder, { signal }), { signal });
    return true;
  } catch (error) {
    if (!isDamage(error)) throw error;
    log.warn('kept features do not verify and are computed again', { key: file.key, error: (error as Error).message });
    return false;
  }
}

const noteKey = (digest: Sha256, index: number): ObjectKey =>
  featuresFileKey(digest, `${String(index).padStart(5, '0')}.json`);

/** null: there is none, or none that can be read. */
async function readNote(session: SessionDesk, digest: Sha256, index: number, signal: AbortSignal) {
  const bytes = await untilReachable(() => getIfThere(session, noteKey(digest, index), signal), { signal });
  return bytes && parsed(featuresNoteSchema, bytes);
}

async function getIfThere({ store }: SessionDesk, key: ObjectKey, signal: AbortSignal): Promise<Buffer | null> {
  try {
    return (await store.get(key, { signal })).bytes;
  } catch (error) {
    if (isStoreError(error, 'missing')) return null;
    throw error;
  }
}

/** What a damaged object says is as good as nothing: it is written anew. */
function parsed<T>(schema: { safeParse(value: unknown): { data?: T } }, bytes: Buffer): T | null {
  try {
    return schema.safeParse(JSON.parse(bytes.toString())).data ?? null;
  } catch {
    return null;
  }
}

function refOf(
  { width, files }: FeaturesManifest,
  { digest, key, bytes, computedRows }: { digest: Sha256; key: ObjectKey; bytes: Buffer; computedRows: number },
): FeaturesRef {
  const manifest = { name: MANIFEST, key, sha256: sha256OfSmall(bytes), bytes: bytes.byteLength };
  return { manifest, digest, width, rows: files.reduce((sum, { rows }) => sum + rows, 0), computedRows };
}

const asJson = (value: object): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value)}\n`);

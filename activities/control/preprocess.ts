import { createHash, randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BAD_ROWS_FILE } from '../../data/bad-rows.js';
import { prepareDataset } from '../../data/prepare.js';
import { datasetSpec } from '../../data/dataset-spec.js';
import { kindOf } from '../../data/targets.js';
import { openTokenizer } from '../../data/tokenize.js';
import { readConfig } from '../../models/folder.js';
import { imageSizeOf } from '../../models/image-size.js';
import { datasetManifestSchema, type DatasetManifest } from '../../data/manifest.js';
import { putContent } from '../../storage/content.js';
import { isStoreError } from '../../storage/errors.js';
import { datasetFileKey } from '../../storage/layout.js';
import { sha256OfSmall } from '../../storage/digest.js';
import type { CallOptions } from '../../storage/object-store.js';
import type { DatasetRef, DataContext, Sha256, StoredFile } from '../../workflows/contract.js';
import { asActivity } from '../as-activity.js';
import type { ActivityDependencies } from '../dependencies.js';
import { modelFolder } from '../model-folder.js';
import { openStored } from '../source/stored.js';

const MANIFEST = 'manifest.json';

/** Changes when prepared data would differ for the same input. */
const PREPARATION = 'temper-preprocess/3';

/** Source to tokenised Arrow shards on S3. What was prepared once from the same input is found by its digest. */
export const preprocess =
  (dependencies: ActivityDependencies) =>
  (context: DataContext): Promise<DatasetRef> => {
    let progress: { rows: number; totalRows: number } | null = null;
    return asActivity(
      async (signal) => {
        const imageSize = await imageSizeFor(dependencies, context, { signal });
        const digest = datasetDigest(context, imageSize, dependencies.shardRows);
        const known = await findPrepared(dependencies, digest, { signal });
        return toRef(
          context,
          digest,
          known ??
            (await prepare(dependencies, context, {
              digest,
              imageSize,
              signal,
              onProgress: (now) => (progress = now),
            })),
        );
      },
      () => progress,
    );
  };

/** A function of the source's bytes, the tokenizer's, the image size, what the job says of data, and the cut into shards; names and paths do not count. */
function datasetDigest(
  { job, source, model }: DataContext,
  imageSize: number | null,
  shardRows: number | null,
): Sha256 {
  const tokenizer = model.files
    .filter(({ name }) => name.startsWith('tokenizer'))
    .map(({ name, sha256 }) => [name, sha256]);
  const spec = [
    PREPARATION,
    source.file.sha256,
    source.format,
    tokenizer,
    datasetSpec(job, imageSize),
    ...(shardRows === null ? [] : [shardRows]),
  ];
  return createHash('sha256').update(JSON.stringify(spec)).digest('hex') as Sha256;
}

/** Pixels of a side, of image tasks: the job's, else what the model was trained on. */
async function imageSizeFor(
  dependencies: ActivityDependencies,
  { job, model }: DataContext,
  options: CallOptions,
): Promise<number | null> {
  if (job.task !== 'image-classification') return null;
  return imageSizeOf(job, await readConfig(await modelFolder(dependencies, model, options)));
}

interface Prepared {
  readonly manifest: DatasetManifest;
  readonly file: StoredFile;
}

async function findPrepared(
  { store }: ActivityDependencies,
  digest: Sha256,
  options: CallOptions,
): Promise<Prepared | null> {
  const key = datasetFileKey(digest, MANIFEST);
  try {
    const { bytes } = await store.get(key, options);
    const manifest = datasetManifestSchema.parse(JSON.parse(bytes.toString()));
    return { manifest, file: { name: MANIFEST, key, sha256: sha256OfSmall(bytes), bytes: bytes.byteLength } };
  } catch (error) {
    if (isStoreError(error, 'missing')) return null;
    throw error;
  }
}

interface ToPrepare {
  readonly digest: Sha256;
  readonly imageSize: number | null;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { rows: number; totalRows: number }) => void;
}

async function prepare(
  dependencies: ActivityDependencies,
  { job, source, model }: DataContext,
  { digest, imageSize, signal, onProgress }: ToPrepare,
): Promise<Prepared> {
  const { store, cacheFolder, workFolder, shardRows } = dependencies;
  const folder = join(workFolder, `prepare-${randomUUID()}`);
  try {
    const tokenizer =
      kindOf(job) === 'tokens'
        ? await openTokenizer(await modelFolder(dependencies, model, { signal }), job.data.maxLength)
        : null;
    const bytes = await openStored({ store, cacheFolder }, source, { signal });
    const manifest = await prepareDataset({
      source: bytes,
      format: source.format,
      job,
      ...(tokenizer && { tokenizer }),
      ...(imageSize !== null && { imageSize }),
      ...(shardRows !== null && { shardRows }),
      outFolder: folder,
      onProgress,
      signal,
    });
    for (const { name, sha256, bytes } of manifest.files) {
      const path = join(folder, name);
      await putContent(store, datasetFileKey(digest, name), { path, sha256: sha256 as Sha256, bytes }, { signal });
    }
    if (manifest.badRows.count > 0)
      await putContent(store, datasetFileKey(digest, BAD_ROWS_FILE), join(folder, BAD_ROWS_FILE), { signal });
    // Last: a manifest that is there says that all of its shards are.
    const text = new TextEncoder().encode(`${JSON.stringify(manifest)}\n`);
    return {
      manifest,
      file: await putContent(store, datasetFileKey(digest, MANIFEST), text, { signal, name: MANIFEST }),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function toRef({ job }: DataContext, digest: Sha256, { manifest, file }: Prepared): DatasetRef {
  const { rows, labels } = manifest;
  const { batchSize, accumulate } = job.train;
  const stepsPerEpoch = Math.ceil(Math.ceil(rows.train / batchSize) / accumulate);
  return { manifest: file, digest, rows, classes: labels.length, stepsPerEpoch };
}

import { createHash } from 'node:crypto';
import { datasetSpec, PREPARATION } from '../../data/dataset-spec.js';
import { datasetManifestSchema, MANIFEST_FILE, type DatasetManifest } from '../../data/manifest.js';
import type { Job } from '../../job/schema.js';
import { readConfig } from '../../models/folder.js';
import { imageSizeOf } from '../../models/image-size.js';
import { sha256OfSmall } from '../../storage/digest.js';
import { isStoreError } from '../../storage/errors.js';
import { datasetFileKey } from '../../storage/layout.js';
import type { CallOptions } from '../../storage/object-store.js';
import type { DataContext, DatasetRef, Sha256, StoredFile } from '../../workflows/contract.js';
import type { ActivityDependencies } from '../dependencies.js';
import { modelFolder } from '../model-folder.js';
import { tokenizerFiles } from './stage-digests.js';

/** What names a data set, and the image size that is part of it. */
export interface DatasetName {
  readonly digest: Sha256;
  readonly imageSize: number | null;
}

/** A function of the source's bytes, the tokenizer's, the image size, what the job says of data, and the cut into parts and shards; names and paths do not count. */
export async function nameDataset(
  dependencies: ActivityDependencies,
  context: DataContext,
  options: CallOptions,
): Promise<DatasetName> {
  const { job, source, model } = context;
  const { shardRows, partRows } = dependencies;
  const imageSize = await imageSizeFor(dependencies, context, options);
  const spec = [
    PREPARATION,
    source.file.sha256,
    source.format,
    tokenizerFiles(model),
    datasetSpec(job, imageSize),
    ...(shardRows === null ? [] : [{ shardRows }]),
    ...(partRows === null ? [] : [{ partRows }]),
  ];
  return { digest: createHash('sha256').update(JSON.stringify(spec)).digest('hex') as Sha256, imageSize };
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

export interface Prepared {
  readonly manifest: DatasetManifest;
  readonly file: StoredFile;
}

export async function findPrepared(
  { store }: Pick<ActivityDependencies, 'store'>,
  digest: Sha256,
  options: CallOptions,
): Promise<Prepared | null> {
  const key = datasetFileKey(digest, MANIFEST_FILE);
  try {
    const { bytes } = await store.get(key, options);
    const manifest = datasetManifestSchema.parse(JSON.parse(bytes.toString()));
    return { manifest, file: { name: MANIFEST_FILE, key, sha256: sha256OfSmall(bytes), bytes: bytes.byteLength } };
  } catch (error) {
    if (isStoreError(error, 'missing')) return null;
    throw error;
  }
}

export function toRef(job: Job, digest: Sha256, { manifest, file }: Prepared): DatasetRef {
  const { rows, labels } = manifest;
  const { batchSize, accumulate } = job.train;
  const stepsPerEpoch = Math.ceil(Math.ceil(rows.train / batchSize) / accumulate);
  return { manifest: file, digest, rows, classes: labels.length, stepsPerEpoch };
}

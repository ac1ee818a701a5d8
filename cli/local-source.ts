/** The data of a job as one file of this machine. */
import { join, resolve } from 'node:path';
import { DataError } from '../data/data-error.js';
import { packImages } from '../data/pack-images.js';
import { formatOf } from '../data/readers/read-rows.js';
import type { Job } from '../job/schema.js';
import { isStoreError } from '../storage/errors.js';
import { withBucket } from '../storage/object-store.js';
import { parseS3Url, type S3Url } from '../storage/s3-url.js';
import type { SourceRef } from '../workflows/contract.js';
import { settings, storeFailure } from './services.js';

export interface LocalSource {
  /** The file that goes to the workers. */
  readonly sourcePath: string;
  /** What the user calls it. */
  readonly sourceName: string;
  /** Where it was read: an absolute path of this machine, or `s3://bucket/key`. */
  readonly sourcePlace: string;
  readonly format: SourceRef['format'];
}

/** One file that holds all of the source: images are packed into one, an object of S3 is fetched. */
export async function localSource(job: Job, jobFolder: string, scratch: string): Promise<LocalSource> {
  const { source } = job.data;
  const images = job.task === 'image-classification';
  if (source.includes('://')) {
    const url = images ? null : parseS3Url(source);
    if (!url) throw notReadable(source, images);
    const format = formatOf(source);
    const path = join(scratch, 'source');
    await fetchSource(source, url, path);
    return { sourcePath: path, sourceName: source, sourcePlace: source, format };
  }
  const path = resolve(jobFolder, source);
  if (!images) return { sourcePath: path, sourceName: source, sourcePlace: path, format: formatOf(path) };
  const packed = join(scratch, 'images');
  await packImages({ path, data: job.data, out: packed });
  return { sourcePath: packed, sourceName: source, sourcePlace: path, format: 'images' };
}

async function fetchSource(source: string, { bucket, key }: S3Url, path: string): Promise<void> {
  const { store } = await settings();
  await withBucket(store, bucket, (from) => from.getToFile(key, path)).catch((error: unknown) => {
    if (isStoreError(error, 'missing')) throw new DataError(`data.source: there is no object ${source}`);
    throw storeFailure(error);
  });
}

const notReadable = (source: string, images: boolean): DataError =>
  new DataError(
    `data.source: expected a path of this machine${images ? '' : ' or s3://bucket/key'}, found ${source}: download it first (temper run puts it on S3 for the workers)`,
  );

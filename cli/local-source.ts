/** The data of a job on this machine. */
import { basename, resolve } from 'node:path';
import { localFiles, type LocalFiles } from '../activities/source/local.js';
import { DataError } from '../data/data-error.js';
import type { Job } from '../job/schema.js';
import { anyBucket, storeFailure } from './services.js';

export interface LocalSource extends LocalFiles {
  /** Where it was read: absolute paths and patterns of this machine, or `s3://bucket/key`. */
  readonly sourcePlaces: readonly string[];
}

/** What `data.source` names, each relative to the folder of the job file. */
export const placesOf = ({ source }: Pick<Job['data'], 'source'>, jobFolder: string): readonly string[] =>
  [source].flat().map((one) => (one.includes('://') ? one : resolve(jobFolder, one)));

/** What messages call the source. */
export const nameOfSource = ({ source }: Job['data']): string => {
  const [first, ...others] = [source].flat();
  return others.length === 0 ? first! : `${first!} and ${others.length} more`;
};

/** All of the source; images are packed into one file, objects of S3 are fetched. */
export async function localSource(job: Job, jobFolder: string, scratch: string): Promise<LocalSource> {
  const images = job.task === 'image-classification';
  const sourcePlaces = placesOf(job.data, jobFolder);
  requireReadable(sourcePlaces);
  if (images && sourcePlaces.length > 1) {
    throw new DataError(
      'data.source: expected one folder or one table of images, found a list: put them into one table',
    );
  }
  const local = await localFiles({
    job,
    places: sourcePlaces,
    sourceName: nameOfSource(job.data),
    scratch,
    withBucket: anyBucket,
  }).catch((error: unknown) => {
    throw storeFailure(error);
  });
  return { ...local, sourcePlaces };
}

/** The source's name in the run: without the way to it. */
export const shortName = (sourceName: string): string => basename(sourceName);

/** @throws DataError for a place that is neither a path nor on S3. */
export function requireReadable(places: readonly string[]): void {
  const found = places.find((place) => place.includes('://') && !place.startsWith('s3://'));
  if (found === undefined) return;
  throw new DataError(
    `data.source: expected a path of this machine or s3://bucket/key, found ${found}: download it first (temper run puts it on S3 for the workers)`,
  );
}

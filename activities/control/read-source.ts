import { randomUUID } from 'node:crypto';
import { mkdir, realpath, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, sep } from 'node:path';
import { DataError } from '../../data/data-error.js';
import { fileSource } from '../../data/byte-source.js';
import { packImages } from '../../data/pack-images.js';
import { putContent } from '../../storage/content.js';
import { isStoreError } from '../../storage/errors.js';
import { sourceKey } from '../../storage/layout.js';
import { parseS3Url } from '../../storage/s3-url.js';
import type { LiveSource, ScheduleActivities } from '../../workflows/contract.js';
import { asActivity } from '../as-activity.js';
import type { ActivityDependencies } from '../dependencies.js';

/** A schedule's data as they are now, put on S3 as `temper run` does; what is wrong in them the run itself says. */
export const readSource =
  (dependencies: ActivityDependencies): ScheduleActivities['readSource'] =>
  ({ job, data }) =>
    asActivity(async (signal) => {
      const { name, format } = data;
      const scratch = join(dependencies.workFolder, `source-${randomUUID()}`);
      await mkdir(scratch, { recursive: true });
      try {
        let path = await localPath(dependencies, data, scratch, signal);
        if (format === 'images')
          await packImages({ path, data: job.data, out: (path = join(scratch, 'images')), signal });
        const key = (sha256: Parameters<typeof sourceKey>[0]) => sourceKey(sha256, format);
        return { name, format, file: await putContent(dependencies.store, key, path, { name, signal }) };
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
    });

async function localPath(
  { dataFolders, withBucket }: ActivityDependencies,
  { place, format }: LiveSource,
  scratch: string,
  signal: AbortSignal,
): Promise<string> {
  const url = parseS3Url(place);
  if (!url) {
    const path = await permitted(place, dataFolders);
    if (format !== 'images') await fileSource(path);
    return path;
  }
  const path = join(scratch, 'source');
  try {
    await withBucket(url.bucket, (store) => store.getToFile(url.key, path, undefined, { signal }));
  } catch (error) {
    if (isStoreError(error, 'missing')) throw new DataError(`data.source: there is no object ${place}`);
    throw error;
  }
  return path;
}

/** The path without links. Whoever may start workflows names it: nothing outside of the folders is read. */
export async function permitted(place: string, folders: readonly string[]): Promise<string> {
  const path = await realpath(place).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
      throw new DataError(`data.source: there is no file ${place} on ${hostname()}, where the firing read it`);
    throw error;
  });
  const roots = await Promise.all(folders.map((folder) => realpath(folder).catch(() => null)));
  if (roots.some((root) => root !== null && `${path}${sep}`.startsWith(root.endsWith(sep) ? root : `${root}${sep}`)))
    return path;
  throw new DataError(
    `data.source: the worker on ${hostname()} may not read ${place}: name its folder in TEMPER_DATA_FOLDERS there, or create the schedule with --data at-creation`,
  );
}

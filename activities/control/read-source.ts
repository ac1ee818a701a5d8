import { randomUUID } from 'node:crypto';
import { mkdir, realpath, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, sep } from 'node:path';
import { DataError } from '../../data/data-error.js';
import type { ScheduleActivities } from '../../workflows/contract.js';
import { asActivity } from '../as-activity.js';
import type { ActivityDependencies } from '../dependencies.js';
import { localFiles, storeFiles } from '../source/local.js';

/** A schedule's data as they are now, put on S3 as `temper run` does; what is wrong in them the run itself says. */
export const readSource =
  ({ store, workFolder, dataFolders, withBucket }: ActivityDependencies): ScheduleActivities['readSource'] =>
  ({ job, data }) =>
    asActivity(async (signal) => {
      const scratch = join(workFolder, `source-${randomUUID()}`);
      await mkdir(scratch, { recursive: true });
      try {
        const local = await localFiles({
          job,
          places: data.places ?? [data.place],
          sourceName: data.name,
          scratch,
          withBucket,
          permitted: (path) => permitted(path, dataFolders),
          signal,
        });
        return await storeFiles(store, local, data.name, { signal });
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
    });

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

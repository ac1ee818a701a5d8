import { existsSync } from 'node:fs';
import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** Where a stack keeps its things. Everything a stack knows is in here: delete the folder and it never was. */
export interface StackFolder {
  readonly root: string;
  readonly record: string;
  readonly credentials: string;
  /** For the SDK and the `temporal` command: TEMPORAL_CONFIG_FILE=<this file>. */
  readonly temporalProfile: string;
  readonly database: string;
  /** There when each task queue of the database has had one partition ever since it was made. */
  readonly onePartition: string;
  readonly objects: string;
  /** Not inside `objects` and not a name that begins like it: versitygw refuses both. */
  readonly metadata: string;
  readonly logs: string;
  readonly scratch: string;
}

export const stackFolder = (root: string): StackFolder => ({
  root,
  record: join(root, 'stack.json'),
  credentials: join(root, 's3-credentials'),
  temporalProfile: join(root, 'temporal.toml'),
  database: join(root, 'temporal.sqlite'),
  onePartition: join(root, 'temporal.one-partition'),
  objects: join(root, 's3'),
  metadata: join(root, 'metadata'),
  logs: join(root, 'logs'),
  scratch: join(root, 'scratch'),
});

/** The folder the user means: named, else TEMPER_HOME, else `.temper` here. */
export const chosenFolder = (named: string | undefined, env: NodeJS.ProcessEnv, cwd: string): string =>
  resolve(cwd, named ?? (env['TEMPER_HOME'] || '.temper'));

/** Creates what is missing, readable by its owner only, and resolves links: one folder has one name, and one lock. */
export const prepareFolder = async (path: string): Promise<StackFolder> => {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const folder = stackFolder(await realpath(path));
  for (const part of [folder.objects, folder.metadata, folder.logs, folder.scratch])
    await mkdir(part, { recursive: true, mode: 0o700 });
  if (!existsSync(folder.database)) await writeFile(folder.onePartition, '');
  return folder;
};

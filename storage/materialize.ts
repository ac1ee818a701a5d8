import { randomUUID } from 'node:crypto';
import { link, mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredFile } from '../workflows/contract.js';
import { fetchFile } from './content.js';
import type { CallOptions, ObjectStore } from './object-store.js';

/**
 * A folder of stored files under their own names: `<cacheFolder>/<folderName>`, hard links to the content-addressed copies.
 * The files are verified on the way; `folderName` must name the content. Two processes may do this at once.
 */
export async function materialize(
  store: ObjectStore,
  files: readonly StoredFile[],
  cacheFolder: string,
  folderName: string,
  options?: CallOptions,
): Promise<string> {
  await mkdir(cacheFolder, { recursive: true });
  const copies = await Promise.all(files.map((file) => fetchFile(store, file, cacheFolder, options)));
  const folder = join(cacheFolder, folderName);
  if (await links(folder, files, copies)) return folder;
  const partial = join(cacheFolder, `.${folderName}-${randomUUID()}`);
  await mkdir(partial);
  try {
    await Promise.all(files.map(({ name }, i) => link(copies[i]!, join(partial, name))));
    await rm(folder, { recursive: true, force: true }); // of copies that were found damaged
    await rename(partial, folder);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    if (!(await links(folder, files, copies))) throw error; // else another process was first
  }
  return folder;
}

/** Whether the folder's files are the copies that were just verified, and not older ones. */
async function links(folder: string, files: readonly StoredFile[], copies: readonly string[]): Promise<boolean> {
  const same = files.map(async ({ name }, i) => {
    const [linked, copy] = await Promise.all([stat(join(folder, name)), stat(copies[i]!)]);
    return linked.ino === copy.ino;
  });
  return Promise.all(same).then(
    (all) => all.every(Boolean),
    () => false, // no folder, or not all of it
  );
}

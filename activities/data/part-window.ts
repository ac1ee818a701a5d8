import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SourcePart } from '../../data/prepare/parts.js';
import { fetchFile } from '../../storage/content.js';
import type { DataDependencies } from './dependencies.js';
import type { FileWindow } from './file-window.js';
import type { DataPlan, PlannedFile } from './plan.js';
import type { TaskFile } from './tasks.js';

/**
 * The bytes of a part on this machine: out of the whole file where that is here (the machine that has cut it), else only
 * they are fetched, into `scratch`. Either way they are what was cut.
 */
export async function fileOfPart(
  dependencies: DataDependencies,
  plan: DataPlan,
  part: SourcePart,
  scratch: string,
  signal: AbortSignal,
): Promise<TaskFile> {
  const { format, fields, ...file } = plan.files[part.file]!;
  const { name, bytes } = file;
  const window = { name, bytes, here: await bytesHere(dependencies, file, part, scratch, signal) };
  return { window, format, ...(fields && { fields }) };
}

async function bytesHere(
  dependencies: DataDependencies,
  file: Pick<PlannedFile, 'key' | 'sha256' | 'bytes' | 'head'>,
  part: SourcePart,
  scratch: string,
  signal: AbortSignal,
): Promise<FileWindow['here']> {
  const { store, cacheFolder } = dependencies;
  const { head, key } = file;
  if (!head) return { kind: 'whole', path: await wholeFile(dependencies, file, signal) };
  const whole = join(cacheFolder, file.sha256);
  if (await holds(whole, file.bytes, part)) return { kind: 'whole', path: whole };
  const { from, to } = part;
  const paths = { head: join(scratch, 'head'), part: join(scratch, 'part') };
  await store.rangesToFile(key, paths.head, [{ from: 0, to: head.bytes }], head, { signal });
  await store.rangesToFile(key, paths.part, [{ from, to }], part, { signal });
  return { kind: 'part', head: { path: paths.head, bytes: head.bytes }, part: { path: paths.part, from, to } };
}

/** Fetched and checked once by this process, however many parts it has; again where something has cleared the cache since. */
export async function wholeFile(
  { store, cacheFolder, wholeFiles }: DataDependencies,
  file: Pick<PlannedFile, 'key' | 'sha256' | 'bytes'>,
  signal: AbortSignal,
): Promise<string> {
  const known = wholeFiles.get(file.sha256);
  if (known && (await isThere(await known, file.bytes))) return known;
  const since = wholeFiles.get(file.sha256);
  if (since && since !== known) return since; // another part has noticed meanwhile
  const fetching = fetchFile(store, file, cacheFolder, { signal });
  wholeFiles.set(file.sha256, fetching);
  fetching.catch(() => wholeFiles.delete(file.sha256));
  return fetching;
}

const isThere = (path: string, bytes: number): Promise<boolean> =>
  stat(path).then(
    ({ size }) => size === bytes,
    () => false,
  );

async function holds(path: string, bytes: number, { from, to, sha256 }: SourcePart): Promise<boolean> {
  if (!(await isThere(path, bytes))) return false;
  try {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path, { start: from, end: to - 1, highWaterMark: 1 << 20 }))
      hash.update(chunk as Buffer);
    return hash.digest('hex') === sha256;
  } catch {
    return false; // gone, or a disk that cannot read it: then the store has it
  }
}

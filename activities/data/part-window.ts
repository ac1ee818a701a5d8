import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SourcePart } from '../../data/prepare/parts.js';
import { fetchFile } from '../../storage/content.js';
import type { DataDependencies } from './dependencies.js';
import type { FileWindow } from './file-window.js';
import type { DataPlan } from './plan.js';

/**
 * The bytes of a part on this machine: out of the whole file where that is here (the machine that has cut it), else only
 * they are fetched, into `scratch`. Either way they are what was cut.
 */
export async function windowOf(
  { store, cacheFolder }: DataDependencies,
  plan: DataPlan,
  part: SourcePart,
  scratch: string,
  signal: AbortSignal,
): Promise<FileWindow> {
  const file = plan.files[part.file]!;
  const { name, key, bytes, head } = file;
  const whole = join(cacheFolder, file.sha256);
  if (head && (await holds(whole, bytes, part))) return { name, bytes, here: { kind: 'whole', path: whole } };
  if (!head)
    return { name, bytes, here: { kind: 'whole', path: await fetchFile(store, file, cacheFolder, { signal }) } };
  const { from, to } = part;
  const paths = { head: join(scratch, 'head'), part: join(scratch, 'part') };
  await store.rangesToFile(key, paths.head, [{ from: 0, to: head.bytes }], head, { signal });
  await store.rangesToFile(key, paths.part, [{ from, to }], part, { signal });
  const here = { head: { path: paths.head, bytes: head.bytes }, part: { path: paths.part, from, to } };
  return { name, bytes, here: { kind: 'part', ...here } };
}

async function holds(path: string, bytes: number, { from, to, sha256 }: SourcePart): Promise<boolean> {
  try {
    if ((await stat(path)).size !== bytes) return false;
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path, { start: from, end: to - 1, highWaterMark: 1 << 20 }))
      hash.update(chunk as Buffer);
    return hash.digest('hex') === sha256;
  } catch {
    return false; // gone, or a disk that cannot read it: then the store has it
  }
}

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SourcePart } from '../../data/prepare/parts.js';
import type { ByteRange } from '../../storage/object-store.js';
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
  const { name, bytes } = file;
  const { headBytes, from, to } = part;
  const ranges: ByteRange[] = [
    { from: 0, to: headBytes },
    { from, to },
  ];
  const whole = join(cacheFolder, file.sha256);
  if (await holds(whole, bytes, ranges, part.sha256)) return { path: whole, name, bytes, only: null };
  const path = join(scratch, 'part');
  await store.rangesToFile(file.key, path, ranges, part, { signal });
  return { path, name, bytes, only: { headBytes, from, to } };
}

async function holds(path: string, bytes: number, ranges: readonly ByteRange[], sha256: string): Promise<boolean> {
  try {
    if ((await stat(path)).size !== bytes) return false;
    const hash = createHash('sha256');
    for (const { from, to } of ranges) {
      if (to <= from) continue;
      for await (const chunk of createReadStream(path, { start: from, end: to - 1, highWaterMark: 1 << 20 }))
        hash.update(chunk as Buffer);
    }
    return hash.digest('hex') === sha256;
  } catch {
    return false; // gone, or a disk that cannot read it: then the store has it
  }
}

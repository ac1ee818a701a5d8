import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sessionsLeftIn, type LeftSession } from './left-sessions.js';

export interface WorkFolder {
  readonly workFolder: string;
  /** What processes that are gone held. */
  readonly left: readonly LeftSession[];
}

/** A folder for this process, and the folders of processes that are gone removed: they hold snapshots nobody will ask for. */
export async function openWorkFolder(scratch: string): Promise<WorkFolder> {
  const root = join(scratch, 'work');
  await mkdir(root, { recursive: true });
  const left: LeftSession[] = [];
  for (const name of await readdir(root)) {
    const pid = Number(name);
    if (!/^\d+$/.test(name) || isAlive(pid)) continue;
    left.push(...(await sessionsLeftIn(join(root, name), pid)));
    await rm(join(root, name), { recursive: true, force: true });
  }
  const own = join(root, String(process.pid));
  await rm(own, { recursive: true, force: true });
  await mkdir(own);
  return { workFolder: own, left };
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false; // a folder of ours from a former life
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder for this process, and the folders of processes that are gone removed: they hold snapshots nobody will ask for. */
export async function openWorkFolder(scratch: string): Promise<string> {
  const root = join(scratch, 'work');
  await mkdir(root, { recursive: true });
  for (const name of await readdir(root)) {
    if (/^\d+$/.test(name) && !isAlive(Number(name))) await rm(join(root, name), { recursive: true, force: true });
  }
  const own = join(root, String(process.pid));
  await rm(own, { recursive: true, force: true });
  await mkdir(own);
  return own;
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

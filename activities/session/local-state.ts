/**
 * The newest state of a run that this host uploaded or fetched stays on its disk: the next session here (a worker that was killed and
 * came back, a resumed run) asks S3 only whether the checkpoint and its shards are there, and fetches what does not verify.
 *
 * Shards lie as `<statesFolder>/<run>/<sha256>`, hard links to what was written anyway. A session gets links of its own, so that
 * nothing is taken from under it; whoever uses one hashes it first (storage/content.ts). A lost copy costs a download.
 */
import { link, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { log } from '@temporalio/activity';
import type { RunId, Sha256 } from '../../workflows/contract.js';
import type { ActivityDependencies } from '../dependencies.js';

type Host = Pick<ActivityDependencies, 'statesFolder'>;

export interface ShardFile {
  readonly path: string;
  readonly sha256: Sha256;
}

/** Of runs that have ended here without a word, or gone on elsewhere. */
const FORGOTTEN_AFTER_MS = 24 * 3_600_000;

/** Where findCheckpoint and a restore find them, beside what they fetch. */
export async function offerLocalState(host: Host, run: RunId, into: string): Promise<void> {
  const from = folderOf(host, run);
  const names = await namesIn(from);
  if (names.length === 0) return;
  await mkdir(into, { recursive: true });
  await Promise.all(names.map((name) => link(join(from, name), join(into, name)).catch(() => undefined))); // there, or just gone
}

/** Keeps these shards in place of those before them. A disk that does not take them loses a copy and nothing else. */
export async function keepLocalState(host: Host, run: RunId, shards: readonly ShardFile[]): Promise<void> {
  const folder = folderOf(host, run);
  try {
    await mkdir(folder, { recursive: true });
    const wanted = new Set<string>(shards.map(({ sha256 }) => sha256));
    await Promise.all(
      (await namesIn(folder)).filter((name) => !wanted.has(name)).map((name) => rm(join(folder, name))),
    );
    for (const { path, sha256 } of shards) {
      await rm(join(folder, sha256), { force: true }); // it may not have verified
      await link(path, join(folder, sha256));
    }
    await forget(host);
  } catch (error) {
    log.warn('this host keeps no copy of the checkpoint', { run, error: (error as Error).message });
  }
}

/** The run needs it no more. */
export const dropLocalState = (host: Host, run: RunId): Promise<void> =>
  rm(folderOf(host, run), { recursive: true, force: true });

/** Makes room on a full disk. */
export const dropLocalStates = ({ statesFolder }: Host): Promise<void> =>
  rm(statesFolder, { recursive: true, force: true });

async function forget(host: Host): Promise<void> {
  for (const name of await namesIn(host.statesFolder)) {
    const folder = join(host.statesFolder, name);
    const touched = await stat(folder).catch(() => null); // another worker of this host was faster
    if (touched && Date.now() - touched.mtimeMs > FORGOTTEN_AFTER_MS)
      await rm(folder, { recursive: true, force: true });
  }
}

const folderOf = ({ statesFolder }: Host, run: RunId): string => join(statesFolder, encodeURIComponent(run));

const namesIn = (folder: string): Promise<string[]> =>
  readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });

/**
 * The newest state of a run that this host uploaded or fetched stays on its disk: the next session here (a worker that was killed and
 * came back, a resumed run) asks S3 only whether the checkpoint's shards are there in their sizes, and fetches what does not verify.
 *
 * Shards lie as `<statesFolder>/<run>/<sha256>`, hard links to what was written anyway. A session gets links of its own, so that
 * nothing is taken from under it; whoever uses one hashes it first (storage/content.ts). A copy is a convenience: without room for
 * it none is kept, a full disk takes all of them, and one that is lost costs a download.
 */
import { link, mkdir, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { ApplicationFailure, log } from '@temporalio/activity';
import { failureType } from '../../workflows/policies/failures.js';
import type { RunId, Sha256 } from '../../workflows/contract.js';
import type { ActivityDependencies } from '../dependencies.js';

type Host = Pick<ActivityDependencies, 'statesFolder'>;

export interface ShardFile {
  readonly path: string;
  readonly sha256: Sha256;
  readonly bytes: number;
}

/** Of runs that have ended here without a word, or gone on elsewhere. */
const FORGOTTEN_AFTER_MS = 24 * 3_600_000;
/** A snapshot that is written while the one before it waits for its upload: a copy leaves room for both. */
const STATES_TO_COME = 2;

/** Where findCheckpoint and a restore find them, beside what they fetch. */
export const offerLocalState = (host: Host, run: RunId, into: string): Promise<void> =>
  orWithout(run, async () => {
    const from = folderOf(host, run);
    const names = await namesIn(from);
    if (names.length === 0) return;
    await mkdir(into, { recursive: true });
    await Promise.all(names.map((name) => link(join(from, name), join(into, name)).catch(() => undefined))); // there, or just gone
  });

/** Keeps these shards in place of those before them. */
export const keepLocalState = (host: Host, run: RunId, shards: readonly ShardFile[]): Promise<void> =>
  orWithout(run, async () => {
    const folder = folderOf(host, run);
    await mkdir(folder, { recursive: true });
    const { bavail, bsize } = await statfs(folder);
    const bytes = shards.reduce((sum, shard) => sum + shard.bytes, 0);
    if (bavail * bsize < STATES_TO_COME * bytes) return rm(folder, { recursive: true, force: true });
    const wanted = new Set<string>(shards.map(({ sha256 }) => sha256));
    await Promise.all(
      (await namesIn(folder)).filter((name) => !wanted.has(name)).map((name) => rm(join(folder, name))),
    );
    for (const { path, sha256 } of shards) {
      await rm(join(folder, sha256), { force: true }); // it may not have verified
      await link(path, join(folder, sha256));
    }
    await forgetLocalStates(host);
  });

/** The run needs it no more. */
export const dropLocalState = (host: Host, run: RunId): Promise<void> =>
  orWithout(run, () => rm(folderOf(host, run), { recursive: true, force: true }));

/** Of runs that nobody has gone on with here for a day: cancelled, failed, or elsewhere. */
export async function forgetLocalStates({ statesFolder }: Host): Promise<void> {
  for (const name of await namesIn(statesFolder)) {
    const folder = join(statesFolder, name);
    const touched = await stat(folder).catch(() => null); // another worker of this host was faster
    if (touched && Date.now() - touched.mtimeMs > FORGOTTEN_AFTER_MS)
      await rm(folder, { recursive: true, force: true });
  }
}

/** The activity; where the disk is full, all copies go, so that its next try has their room. */
export const makingRoom =
  <Input extends unknown[], Output>(
    { statesFolder }: Host,
    activity: (...input: Input) => Promise<Output>,
  ): ((...input: Input) => Promise<Output>) =>
  async (...input) => {
    try {
      return await activity(...input);
    } catch (error) {
      if (error instanceof ApplicationFailure && error.type === failureType.diskFull)
        await rm(statesFolder, { recursive: true, force: true }).catch((left: unknown) => warn('copies stay', left));
      throw error;
    }
  };

const orWithout = async (run: RunId, action: () => Promise<void>): Promise<void> => {
  try {
    await action();
  } catch (error) {
    warn(`no copy of the checkpoint of ${run} on this host`, error);
  }
};

const warn = (what: string, error: unknown): void => log.warn(what, { error: (error as Error).message });

const folderOf = ({ statesFolder }: Host, run: RunId): string => join(statesFolder, encodeURIComponent(run));

const namesIn = (folder: string): Promise<string[]> =>
  readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });

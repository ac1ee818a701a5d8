import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SessionDesk } from '../../../activities/dependencies.js';
import { createSessionActivities } from '../../../activities/session/index.js';
import { failureType } from '../../../workflows/policies/failures.js';

let statesFolder: string;
beforeAll(async () => {
  statesFolder = await mkdtemp(join(tmpdir(), 'temper-disk-full-'));
});
afterAll(() => rm(statesFolder, { recursive: true, force: true }));

/** Nothing but this can be used: whatever else is reached for first, the disk is full. */
const orDiskFull = (there: object): object =>
  new Proxy(there, {
    get: (_, name) => {
      if (name in there) return there[name as keyof typeof there];
      throw new Error(`ENOSPC: no space left on device, ${String(name)}`);
    },
  });
const onFullDisk = () => orDiskFull({ statesFolder, desk: orDiskFull({ progress: null }) }) as SessionDesk;

/** An empty list of which every property is one. */
const anything = (): unknown =>
  new Proxy([], {
    get: (list, name) => (name in list || typeof name === 'symbol' ? list[name as keyof typeof list] : anything()),
  });

/** They write nothing. */
const WITHOUT_DISK = ['describeSession', 'interrupt', 'closeSession'];

it.each(Object.keys(createSessionActivities(onFullDisk())).filter((name) => !WITHOUT_DISK.includes(name)))(
  '%s that meets a full disk takes the copies of checkpoints, and fails by that name',
  async (name) => {
    await mkdir(join(statesFolder, 'a-run'), { recursive: true });
    await writeFile(join(statesFolder, 'a-run', 'shard'), 'bytes');
    const activity = createSessionActivities(onFullDisk())[name as 'findCheckpoint'];
    await expect(
      new MockActivityEnvironment().run(activity, anything() as Parameters<typeof activity>[0]),
    ).rejects.toMatchObject({
      type: failureType.diskFull,
    });
    await expect(readdir(statesFolder)).rejects.toThrow('ENOENT');
  },
);

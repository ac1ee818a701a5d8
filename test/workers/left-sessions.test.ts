import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { noteSession, sessionsLeftIn } from '../../workers/left-sessions.js';
import { openWorkFolder } from '../../workers/work-folder.js';
import type { TrainProgress } from '../../workflows/contract.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const token = Uint8Array.from([1, 2, 250]);
const position = { step: 7, epoch: 0, cursor: 7 };
const progress: TrainProgress = { stage: 'training', position, loss: 1, learningRate: 1, examplesPerSecond: 1 };

const note = (folder: string, said: string[] = []) => noteSession(folder, 'run-1', token, (why) => said.push(why));

const SOON = { timeout: 30_000 };

/** Of a process that has just ended. */
const deadPid = (): number => spawnSync(process.execPath, ['--version']).pid;

test('a note says what was told last, and goes with its session', async () => {
  const folder = temporaryFolder();
  const kept = note(folder);
  kept.tell(null);
  kept.tell(progress);
  await expect
    .poll(() => sessionsLeftIn(folder, 9), SOON)
    .toEqual([
      { session: 'run-1', pid: 9, taskToken: Buffer.from(token), progress, silentMs: expect.any(Number) as number },
    ]);
  await kept.remove();
  expect(await sessionsLeftIn(folder, 9)).toEqual([]);
});

test('a worker that starts hears of the sessions of those that died, once, and of no living one', async () => {
  const scratch = temporaryFolder();
  const own = await openWorkFolder(scratch);
  expect(own.left).toEqual([]);
  note(own.workFolder).tell(progress);
  await expect.poll(() => sessionsLeftIn(own.workFolder, 1), SOON).toHaveLength(1);
  const pid = deadPid();
  renameSync(own.workFolder, join(scratch, 'work', String(pid)));
  mkdirSync(join(scratch, 'work', '1', 'sessions'), { recursive: true }); // init lives
  writeFileSync(
    join(scratch, 'work', '1', 'sessions', 'run-2.json'),
    JSON.stringify({ taskToken: 'AQ==', progress: null }),
  );

  const noted = new Date(Date.now() - 4_000);
  utimesSync(join(scratch, 'work', String(pid), 'sessions', 'run-1.json'), noted, noted);
  const { left } = await openWorkFolder(scratch);
  expect(left).toMatchObject([{ session: 'run-1', pid, taskToken: Buffer.from(token), progress }]);
  expect(left[0]!.silentMs).toBeGreaterThanOrEqual(3_900);
  expect(left[0]!.silentMs).toBeLessThan(60_000);
  expect(existsSync(join(scratch, 'work', String(pid)))).toBe(false);
  expect((await openWorkFolder(scratch)).left).toEqual([]);
  expect(readdirSync(join(scratch, 'work', '1', 'sessions'))).toEqual(['run-2.json']);
});

test('a note that a crash of the host left empty is passed over', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'sessions'));
  writeFileSync(join(folder, 'sessions', 'run-1.json'), '');
  expect(await sessionsLeftIn(folder, 9)).toEqual([]);
});

test('where no note can be written the worker says so once, and the session goes on', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'sessions'), 'a file is in the way');
  const said: string[] = [];
  const kept = note(folder, said);
  kept.tell(null);
  kept.tell(progress);
  await kept.remove();
  expect(said).toEqual([expect.stringMatching(/^no note of session run-1: E/)]);
});

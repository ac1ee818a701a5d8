import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Engine } from '../../engine/client.js';
import type { StateOnDisk } from '../../engine/protocol.js';
import { sha256OfFile } from '../../storage/digest.js';
import { startEngine } from '../support/engine-process.js';
import { eventually } from '../support/poll.js';
import { makeTemporaryFolder, removeFolder } from '../support/temporary-folder.js';
import { tinyLoad } from '../support/tiny-run.js';

let directory: string;
let engine: Engine;
let from: StateOnDisk;

/** A real engine process that holds the state of step 0 of a run with 12 steps an epoch. */
async function start(patienceMs?: number): Promise<void> {
  engine = await startEngine(directory, { patienceMs });
  const { request } = await tinyLoad();
  const { job, modelFolder, dataset } = request;
  from = await engine.request('initialize', { job, modelFolder, dataset, folder: folderOf('0') });
  await engine.request('load', request);
  await restart();
}

beforeEach(() => void (directory = makeTemporaryFolder()));
afterEach(async () => {
  await engine.close();
  removeFolder(directory);
});

const restart = () =>
  engine.request('restore', { shards: from.shards.map(({ path }) => path), position: from.position });
const folderOf = (name: string) => join(directory, name);
const asked = (step: number, name: string) => ({
  until: { step, minutes: null },
  observations: [],
  folder: folderOf(name),
});

test('what is trained while a state is written changes nothing of it, and comes to the same state', async () => {
  await start();
  const first = await engine.trainAhead(asked(5, 'ahead-5'));
  expect(first).toMatchObject({ reason: 'reached', reached: { step: 5, cursor: 5 } });
  const second = engine.trainAhead(asked(9, 'ahead-9'));
  const states = [await first.saved, await (await second).saved];

  await restart();
  const alone = [await engine.request('train', asked(5, '5')), await engine.request('train', asked(9, '9'))];
  for (const [i, { state }] of alone.entries()) {
    expect(states[i]).toMatchObject({ position: state.position, stateDigest: state.stateDigest });
    for (const { path, sha256, bytes } of states[i]!.shards)
      expect(await sha256OfFile(path)).toEqual({ sha256, bytes });
  }
});

test('the end of an epoch and an interrupted segment are answered with their state on the disk', async () => {
  await start();
  const ends = await engine.trainAhead(asked(12, 'epoch'));
  expect(ends).toMatchObject({ reason: 'reached', reached: { step: 12, epoch: 1, cursor: 0 } });
  expect(existsSync(join(folderOf('epoch'), '00000.safetensors'))).toBe(true);

  const interrupted = engine.trainAhead(asked(24, 'interrupted'));
  await turn(); // it is sent
  engine.interrupt();
  const { reason, saved } = await interrupted;
  expect(reason).toBe('interrupted');
  expect(existsSync((await saved).shards[0]!.path)).toBe(true);
});

test('a state that cannot be written is told to who waits for it; what is trained meanwhile is not disturbed', async () => {
  await start();
  await mkdir(join(folderOf('in-the-way'), '00000.safetensors.partial'), { recursive: true });
  const first = await engine.trainAhead(asked(5, 'in-the-way'));
  const second = engine.trainAhead(asked(9, 'after'));
  await expect(first.saved).rejects.toThrow(/EISDIR.*in-the-way/);
  expect((await (await second).saved).position.step).toBe(9);
});

test('whoever waits for a state hears of the death of its engine', async () => {
  await start();
  const { saved } = await engine.trainAhead(asked(5, 'written'));
  process.kill(engine.pid, 'SIGKILL'); // whether it is written by now or not
  await eventually('it is gone', () => !engine.alive);
  const came = await saved.catch((error: Error) => error);
  if (came instanceof Error) expect(came).toMatchObject({ name: 'EngineDied' });
  else expect(came.position.step).toBe(5);
});

test('a write that hangs is found, when nothing else is asked of the engine', async () => {
  await start(2_000);
  await mkdir(folderOf('hanging'));
  execFileSync('mkfifo', [join(folderOf('hanging'), '00000.safetensors.partial')]); // opened when somebody reads it: nobody does
  const { saved } = await engine.trainAhead(asked(5, 'hanging'));
  await expect(saved).rejects.toThrow(/hung at saving: no progress for .* and it stood still/);
});

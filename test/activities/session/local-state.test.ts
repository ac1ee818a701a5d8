import { mkdir, mkdtemp, readFile, readdir, rm, stat, statfs, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  dropLocalState,
  forgetLocalStates,
  keepLocalState,
  makingRoom,
  offerLocalState,
  type ShardFile,
} from '../../../activities/session/local-state.js';
import { asActivity as asHeard } from '../../../activities/as-activity.js';
import type { RunId, Sha256 } from '../../../workflows/contract.js';

const run = 'weekly/2026-11-27' as RunId;

let folder: string;
let host: { readonly statesFolder: string };
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'temper-local-state-'));
  host = { statesFolder: join(folder, 'states') };
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function written(name: string, text = name, bytes = text.length): Promise<ShardFile> {
  const path = join(folder, `${name}-${Math.random()}`);
  await writeFile(path, text);
  return { path, sha256: name as Sha256, bytes };
}

const asActivity = <Result>(action: () => Promise<Result>): Promise<Result> =>
  new MockActivityEnvironment().run(action);
const keep = (of: RunId, ...shards: ShardFile[]): Promise<void> => asActivity(() => keepLocalState(host, of, shards));

async function offered(of = run): Promise<Record<string, string>> {
  const into = await mkdtemp(join(folder, 'session-'));
  await asActivity(() => offerLocalState(host, of, into));
  const names = (await readdir(into)).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(into, name), 'utf8')])),
  );
}

test('the newest state is offered, for a run of any name, and outlives the snapshot that it came of', async () => {
  expect(await offered()).toEqual({});
  const [a, b, c] = [await written('a'), await written('b'), await written('c')];
  await keep(run, a, b);
  await keep(run, b, c);
  for (const { path } of [a, b, c]) await rm(path);
  expect(await offered()).toEqual({ b: 'b', c: 'c' });
  expect(await offered('another' as RunId)).toEqual({});
});

test('what replaces a copy that did not verify is what is offered', async () => {
  await keep(run, await written('a', 'flipped'));
  await keep(run, await written('a'));
  expect(await offered()).toEqual({ a: 'a' });
});

test('what a session has been offered is its own: the next state takes nothing from it, and what is there stays', async () => {
  await keep(run, await written('a'), await written('b'));
  const into = join(folder, 'session');
  await mkdir(into);
  await writeFile(join(into, 'a'), 'fetched');
  await asActivity(() => offerLocalState(host, run, into));
  await keep(run, await written('c'));
  expect(await readFile(join(into, 'a'), 'utf8')).toBe('fetched');
  expect(await readFile(join(into, 'b'), 'utf8')).toBe('b');
});

test('a run that has ended is gone at once, one that went on elsewhere after a day', async () => {
  const day = 24 * 3600;
  const age = async (of: string, seconds: number): Promise<void> => {
    const at = (await stat(join(host.statesFolder, of))).mtimeMs / 1000 - seconds;
    await utimes(join(host.statesFolder, of), at, at);
  };
  for (const of of ['ended', 'young', 'old']) await keep(of as RunId, await written('a'));
  await asActivity(() => dropLocalState(host, 'ended' as RunId));
  await age('young', day - 60);
  await age('old', day + 60);
  await keep(run, await written('a'));
  expect((await readdir(host.statesFolder)).sort()).toEqual([encodeURIComponent(run), 'young'].sort());
  await age('young', 120);
  await forgetLocalStates(host); // as a worker that starts does
  expect(await readdir(host.statesFolder)).toEqual([encodeURIComponent(run)]);
});

test('a disk that takes no copy costs the copy, not the checkpoint', async () => {
  await writeFile(host.statesFolder, 'a file in the way');
  await keep(run, await written('a'));
  expect(await offered()).toEqual({});
  await asActivity(() => dropLocalState(host, run));
});

test('no copy is kept where it would take the room of the next two snapshots, nor the one before it', async () => {
  const { bavail, bsize } = await statfs(folder);
  await keep(run, await written('a', 'a', Math.floor(0.4 * bavail * bsize)));
  expect(await offered()).toEqual({ a: 'a' });
  await keep(run, await written('b', 'b', Math.ceil(0.6 * bavail * bsize)));
  expect(await offered()).toEqual({});
});

test.each([
  ['Error: a defect', 1],
  ['ENOSPC: no space left on device, write', 0],
])('a full disk takes all copies with it, so that the next try has their room: %s', async (why, left) => {
  await keep('another' as RunId, await written('a'));
  const activity = makingRoom(host, (said: string) => asHeard(() => Promise.reject(new Error(said))));
  await expect(asActivity(() => activity(why))).rejects.toThrow(why);
  expect(Object.keys(await offered('another' as RunId))).toHaveLength(left);
  expect(await asActivity(() => makingRoom(host, (a: number, b: number) => Promise.resolve(a + b))(1, 2))).toBe(3);
});

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkpointKey } from '../../storage/layout.js';
import type { RunId } from '../../workflows/contract.js';
import { bucketFolder, manifestOf } from '../support/bucket.js';
import { smallJob } from '../support/faults/attempt.js';
import { damaged } from '../support/faults/fault.js';
import { startScene, type Attempted, type Scene } from '../support/faults/scene.js';

const SEQUENCE = 3;

let on: Scene;
beforeAll(async () => void (on = await startScene(smallJob, 1)));
afterAll(() => on.stop());

const statesFolder = (): string => join(on.world.host('device').scratch, 'states');
const inBucket = (key: string): string => join(bucketFolder(on.world), key);

interface Copy {
  readonly copy: string;
  readonly key: string;
}

/** The shards of the third checkpoint with this host's copies, once all are there. */
function copiesOfThird(run: RunId): Copy[] | null {
  if (!existsSync(inBucket(checkpointKey(run, SEQUENCE)))) return null;
  const { shards } = manifestOf(on.world, run, SEQUENCE);
  const copies = shards.map(({ key, sha256 }) => ({ key, copy: join(statesFolder(), run, sha256) }));
  return copies.every(({ copy }) => existsSync(copy)) ? copies : null;
}

interface Killed extends Attempted {
  readonly copies: readonly Copy[];
  /** Shards that the next session on the host asked the store for. */
  readonly fetched: readonly string[];
  /** Digests whose copies were left when the run was done. */
  readonly left: readonly string[];
}

/** A run whose worker is killed when its host has a copy of the third checkpoint. The supervisor starts another there. */
async function killedAtThird(tamper: (copies: readonly Copy[]) => void = () => undefined): Promise<Killed> {
  let copies: Copy[] | null = null;
  let kept: string[] = [];
  const fetched: string[] = [];
  const attempted = await on.attempt({
    damages: true,
    fault: (_point, _host, { method, path }) => {
      const key = decodeURIComponent(new URL(path, 'http://store').pathname.split('/').slice(2).join('/'));
      if (copies !== null && method === 'GET' && key.includes('/shards/')) fetched.push(key);
      return null;
    },
    after: async (_point, host, run) => {
      if (copies !== null || host !== 'device') return;
      copies = copiesOfThird(run);
      if (copies === null) return;
      kept = readdirSync(join(statesFolder(), run));
      on.world.signal(host, 'SIGKILL');
      await pause(50);
      tamper(copies);
    },
  });
  expect(attempted.problems).toEqual([]); // and its weights are those of the run that nobody touched
  expect(copies).not.toBeNull();
  expect(kept.sort()).toEqual(copies!.map(({ copy }) => basename(copy)).sort()); // those before it made room
  return {
    ...attempted,
    copies: copies!,
    fetched,
    left: existsSync(statesFolder()) ? readdirSync(statesFolder()) : [],
  };
}

const passedOver = ({ result }: Killed): string[] => result!.sessions.flatMap((session) => session.passedOver);

it('a worker that was killed goes on from the copy on its own disk, which is gone with the run', async () => {
  const killed = await killedAtThird();
  expect(killed.fetched).toEqual([]);
  expect(killed.result!.sessions.at(-1)!.from?.sequence).toBeGreaterThanOrEqual(SEQUENCE);
  expect(killed.left).toEqual([]);
});

it('a copy that does not verify is fetched, and no other', async () => {
  const killed = await killedAtThird(([first]) => writeFileSync(first!.copy, damaged(readFileSync(first!.copy))));
  expect(killed.fetched.map((key) => basename(key))).toEqual([basename(killed.copies[0]!.key)]);
  expect(passedOver(killed)).toEqual([]);
});

it('without a copy all of it is fetched', async () => {
  const killed = await killedAtThird(() => rmSync(statesFolder(), { recursive: true }));
  expect([...killed.fetched].sort()).toEqual(killed.copies.map(({ key }) => key).sort());
});

it('what the store has lost is no checkpoint, though a copy is here: others could not go on from it', async () => {
  const killed = await killedAtThird(([first]) => rmSync(inBucket(first!.key)));
  expect(passedOver(killed)).toEqual([expect.stringMatching(/^checkpoint 3: shard .* is missing$/)]);
});

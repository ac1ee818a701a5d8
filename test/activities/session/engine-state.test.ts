import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SessionDesk } from '../../../activities/dependencies.js';
import { deskOf } from '../../../activities/engine-desk.js';
import { ensureState } from '../../../activities/session/engine-state.js';
import { graphOf, type StateInput } from '../../../activities/session/state-input.js';
import type { Engine } from '../../../engine/client.js';
import { failureType } from '../../../workflows/policies/failures.js';
import type { StateRef } from '../../../workflows/contract.js';
import { digestOf, lineage, localShard } from '../../storage/checkpoint/states.js';

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'temper-engine-state-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

it('a snapshot is hashed before its state is assigned; one whose bytes changed on the disk ends the session', async () => {
  const asked: string[] = [];
  const engine = { request: (name: string) => Promise.resolve(void asked.push(name)) } as unknown as Engine;
  const input = { context: { job: {}, model: {}, dataset: {} }, plan: {} } as StateInput;
  const folder = join(scratch, 'snapshot');
  const position = { step: 48, epoch: 1, cursor: 0 };
  const stateDigest = digestOf('state 48');
  const shard = await localShard(folder, 'weights');
  const desk = { ...deskOf(engine), owner: 'session', loaded: graphOf(input) };
  desk.snapshots.set(folder, { position, stateDigest, shards: [shard] });
  const session = { desk, host: { session: 'session' }, workFolder: scratch } as unknown as SessionDesk;
  const at = { kind: 'snapshot', session: 'session', folder, bytes: 1, lineage, stateDigest, ...position } as StateRef;
  const ensure = () =>
    new MockActivityEnvironment().run(() => ensureState(session, input, at, new AbortController().signal));

  await ensure();
  expect({ asked, holds: desk.holds }).toEqual({ asked: ['restore'], holds: stateDigest });

  const bytes = await readFile(shard.path);
  bytes[bytes.length - 1]! ^= 1;
  await writeFile(shard.path, bytes);
  desk.holds = null;
  await expect(ensure()).rejects.toMatchObject({
    type: failureType.sessionClosed,
    message: expect.stringMatching(/the snapshot of step 48 on this host is damaged/) as string,
  });
  expect({ asked, holds: desk.holds }).toEqual({ asked: ['restore'], holds: null });
});

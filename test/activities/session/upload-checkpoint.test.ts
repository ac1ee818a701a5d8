import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { uploadCheckpoint } from '../../../activities/session/upload-checkpoint.js';
import type { SessionDesk } from '../../../activities/dependencies.js';
import { deskOf } from '../../../activities/engine-desk.js';
import type { Engine } from '../../../engine/client.js';
import type { ObjectStore } from '../../../storage/object-store.js';
import type { RunId, SessionActivities } from '../../../workflows/contract.js';
import { failureType } from '../../../workflows/policies/failures.js';
import { tinyJobWith } from '../../support/observations.js';
import { startS3Server, type S3Server } from '../../support/s3-server.js';
import { digestOf, freshRun, lineage, localShard, recordAt } from '../../storage/checkpoint/states.js';

let server: S3Server;
let store: ObjectStore;
let scratch: string;

beforeAll(async () => {
  server = await startS3Server();
  store = server.open();
  scratch = await mkdtemp(join(tmpdir(), 'temper-upload-'));
});
afterAll(async () => {
  await server.stop();
  await rm(scratch, { recursive: true, force: true });
});

type Upload = Parameters<SessionActivities['uploadCheckpoint']>[0];

/** A session with a snapshot of a step on its disk, and the request to upload it. */
async function withSnapshot(run: RunId, step: number): Promise<{ session: SessionDesk; request: Upload }> {
  const folder = join(scratch, `${run}-${step}`);
  const position = { step, epoch: 1, cursor: 0 };
  const stateDigest = digestOf(`state ${step}`);
  const shards = [await localShard(folder, `weights ${step}`)];
  const desk = deskOf(null as unknown as Engine); // nothing is asked of it
  desk.snapshots.set(folder, { position, stateDigest, shards });
  const host = { session: 'session', fingerprint: { digest: 'test' } };
  const statesFolder = join(scratch, 'states');
  const session = { store, settled: new Map(), host, desk, statesFolder } as unknown as SessionDesk;
  const snapshot = { kind: 'snapshot', session: 'session', folder, bytes: 1, lineage, stateDigest, ...position };
  const context = { run, job: tinyJobWith({}), model: { files: [] }, lineage };
  const commit = { parent: null, observations: [], keepSteps: [] };
  return { session, request: { context, snapshot, commit } as unknown as Upload };
}

const upload = (session: SessionDesk, request: Upload) =>
  new MockActivityEnvironment().run(uploadCheckpoint(session), request);

test('an upload whose answer was lost is answered again, though the snapshot has made room', async () => {
  const run = freshRun();
  const { session, request } = await withSnapshot(run, 48);
  const ref = await upload(session, request);
  expect(ref).toMatchObject({ run, sequence: 1, step: 48 });
  expect(existsSync(request.snapshot.folder)).toBe(false);
  expect(await upload(session, request)).toEqual(ref);
  expect((await recordAt(store, run, 1)).kind).toBe('manifest');
  await expect(recordAt(store, run, 2)).rejects.toThrow();
});

test('a snapshot that the host never had, or lost, ends the session', async () => {
  const { session, request } = await withSnapshot(freshRun(), 48);
  await upload(session, request);
  const other = { ...request, snapshot: { ...request.snapshot, folder: join(scratch, 'another') } };
  await expect(upload(session, other)).rejects.toMatchObject({
    type: failureType.sessionClosed,
    message: 'the snapshot of step 48 is not on this host any more',
  });
});

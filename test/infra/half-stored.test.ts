import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stackFolder } from '../../infra/stack/folder.js';
import { s3Spec } from '../../infra/stack/servers.js';
import { checkpointKey } from '../../storage/layout.js';
import type { RunId } from '../../workflows/contract.js';
import { startS3Server, type S3Server } from '../support/s3-server.js';

const run = 'half' as RunId;
const [whole, half] = [checkpointKey(run, 1), checkpointKey(run, 2)];

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server.stop());

test('an object of which the store was killed before it was there can be created once the store starts again', async () => {
  const store = server.open();
  for (const key of [whole, half]) await store.putIfAbsent(key, Buffer.from(key));
  await rm(join(server.bucketFolder, half));

  // So it stays, however often it is started by itself.
  await server.kill();
  await server.restart();
  await expect(store.putIfAbsent(half, Buffer.from('again'))).rejects.toMatchObject({ kind: 'precondition' });
  await expect(store.get(half)).rejects.toMatchObject({ kind: 'missing' });

  await server.kill();
  const folder = { ...stackFolder(dirname(server.folders.objects)), ...server.folders };
  const { accessKeyId, secretAccessKey } = server.settings.credentials!;
  const ports = { temporal: 1, ui: 2, s3: 3 };
  s3Spec('versitygw', { folder, ports, credentials: { accessKeyId, secretAccessKey }, env: {} }).beforeStart?.();
  await server.restart();
  await store.putIfAbsent(half, Buffer.from('again'));
  expect((await store.get(half)).bytes.toString()).toBe('again');
  expect((await store.get(whole)).bytes.toString()).toBe(whole);
  await expect(store.putIfAbsent(whole, Buffer.from('again'))).rejects.toMatchObject({ kind: 'precondition' });
});

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sha256OfBytes } from '../../storage/digest.js';
import type { ObjectStore } from '../../storage/object-store.js';
import { untilReachable, type Waiting } from '../../storage/until-reachable.js';
import { startS3Server, type S3Server } from '../support/s3-server.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { temporaryFolder } from '../support/temporary-folder.js';

let server: S3Server;
let proxy: TcpProxy;
let store: ObjectStore;
beforeAll(async () => {
  server = await startS3Server();
  proxy = await startTcpProxy(server.settings.endpoint!);
  store = server.open({
    endpoint: proxy.endpoint,
    timeouts: { connectMs: 2_000, idleMs: IDLE_MS, requestMs: 600_000 },
  });
});
afterAll(async () => {
  await server.stop();
  await proxy.stop();
});
beforeEach(() => {
  proxy.flow();
  proxy.slow(0);
});

const MIB = 2 ** 20;
const IDLE_MS = 500;

async function aFile(name: string, size: number) {
  const bytes = randomBytes(size);
  const path = join(temporaryFolder(), name);
  await writeFile(path, bytes);
  return { path, bytes, sha256: await sha256OfBytes(bytes) };
}

test('an upload of which no byte passes is given up and sent again, for as long as it takes', async () => {
  const { path, bytes, sha256 } = await aFile('stuck', 16 * MIB);
  proxy.stallAfter(MIB);
  const waits: Waiting[] = [];
  await untilReachable(() => store.putFile('stuck', path, { sha256 }), {
    onWaiting: (waiting) => {
      waits.push(waiting);
      if (waits.length === 2) proxy.flow();
    },
  });
  expect(waits.length).toBeGreaterThanOrEqual(2);
  expect(waits[0]!.error).toMatchObject({ kind: 'unreachable' });
  expect((await store.get('stuck')).bytes.equals(bytes)).toBe(true);
}, 60_000);

test('so is a download', async () => {
  const { path, bytes, sha256 } = await aFile('read', 8 * MIB);
  await store.putFile('read', path, { sha256 });
  const to = join(temporaryFolder(), 'read');
  proxy.stallAfter(MIB);
  let waits = 0;
  await untilReachable(() => store.getToFile('read', to, { sha256, bytes: bytes.length }), {
    onWaiting: () => {
      waits += 1;
      proxy.flow();
    },
  });
  expect(waits).toBe(1);
}, 60_000);

test('one that is slow but gets on is left alone, though it takes longer than a dead one is given', async () => {
  const { path, bytes, sha256 } = await aFile('slow', 4 * MIB);
  await store.putFile('slow', path, { sha256 });
  proxy.slow(10); // 256 chunks
  const [opened, beganMs] = [proxy.opened(), performance.now()];
  await store.getToFile('slow', join(temporaryFolder(), 'slow'), { sha256, bytes: bytes.length });
  expect(performance.now() - beganMs).toBeGreaterThan(IDLE_MS); // or it was not slow
  expect(proxy.opened() - opened).toBeLessThanOrEqual(1);
}, 60_000);

test('and so is an upload', async () => {
  const idleMs = 3_000;
  const patient = server.open({ endpoint: proxy.endpoint, timeouts: { connectMs: 2_000, idleMs, requestMs: 600_000 } });
  const { path, sha256 } = await aFile('slow-up', 64 * MIB); // many times what the kernel holds on the way
  proxy.slow(1); // 4,096 chunks
  const [opened, beganMs] = [proxy.opened(), performance.now()];
  await patient.putFile('slow-up', path, { sha256 });
  expect(performance.now() - beganMs).toBeGreaterThan(idleMs);
  expect(proxy.opened() - opened).toBeLessThanOrEqual(1);
}, 120_000);

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
  store = server.open({ endpoint: proxy.endpoint, timeouts: { connectMs: 2_000, idleMs: 500, requestMs: 600_000 } });
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

test('one that is slow but gets on is left alone, though it takes many times as long', async () => {
  const { path, sha256 } = await aFile('slow', 4 * MIB);
  proxy.slow(10); // 256 chunks
  const before = proxy.opened();
  await store.putFile('slow', path, { sha256 });
  expect(proxy.opened() - before).toBeLessThanOrEqual(1);
}, 60_000);

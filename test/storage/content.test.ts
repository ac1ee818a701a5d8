import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fetchFile, putContent } from '../../storage/content.js';
import { sourceKey } from '../../storage/layout.js';
import type { ObjectStore } from '../../storage/object-store.js';
import { startFaultProxy, type FaultProxy } from '../support/s3-fault-proxy.js';
import { startS3Server, type S3Server } from '../support/s3-server.js';

let server: S3Server;
let proxy: FaultProxy;
let store: ObjectStore;
let folder: string;

beforeAll(async () => {
  server = await startS3Server();
  proxy = await startFaultProxy(server.settings.endpoint);
  store = server.open({ endpoint: proxy.endpoint });
  folder = await mkdtemp(join(tmpdir(), 'temper-content-'));
});
afterAll(async () => {
  await proxy.stop();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const asCsv = (sha256: Parameters<typeof sourceKey>[0]) => sourceKey(sha256, 'csv');
const requests = async (method: string, action: () => Promise<unknown>): Promise<number> => {
  const before = proxy.seen.length;
  await action();
  return proxy.seen.slice(before).filter((each) => each.method === method).length;
};

test('content goes up once, under its digest, from a path or from memory', async () => {
  const bytes = randomBytes(3_000);
  const path = join(folder, 'rows.csv');
  await writeFile(path, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const stored = await putContent(store, asCsv, path);
  expect(stored).toEqual({ name: 'rows.csv', key: `sources/${sha256}.csv`, sha256, bytes: 3_000 });
  const puts = await requests('PUT', async () => {
    expect(await putContent(store, asCsv, bytes, { name: 'rows.csv' })).toEqual(stored);
    expect(await putContent(store, asCsv, { path, sha256: stored.sha256, bytes: 3_000 })).toEqual(stored);
  });
  expect(puts).toBe(0);
});

test('an object of the wrong size under that key is replaced', async () => {
  const stored = await putContent(store, asCsv, randomBytes(100));
  const bytes = randomBytes(100);
  await store.put(stored.key, bytes.subarray(0, 50));
  const again = await putContent(store, stored.key, bytes);
  expect((await store.get(again.key)).bytes).toEqual(bytes);
});

test('a cached copy is used while it verifies, and fetched again when it does not', async () => {
  const cache = join(folder, 'cache');
  const bytes = randomBytes(10_000);
  const stored = await putContent(store, asCsv, bytes);
  const path = await fetchFile(store, stored, cache);
  expect(path).toBe(join(cache, stored.sha256));
  expect(await requests('GET', () => fetchFile(store, stored, cache))).toBe(0);

  const flipped = Buffer.from(bytes);
  flipped[5] = (flipped[5] ?? 0) ^ 1;
  await writeFile(path, flipped);
  expect(await requests('GET', () => fetchFile(store, stored, cache))).toBe(1);
  expect(await readFile(path)).toEqual(bytes);
});

test('eight at once fetch the same file and leave one whole copy', async () => {
  const cache = join(folder, 'race');
  const bytes = randomBytes(300_000);
  const stored = await putContent(store, asCsv, bytes);
  const paths = await Promise.all(Array.from({ length: 8 }, () => fetchFile(store, stored, cache)));
  expect(new Set(paths).size).toBe(1);
  expect(await readdir(cache)).toEqual([stored.sha256]);
  expect(await readFile(join(cache, stored.sha256))).toEqual(bytes);
});

test('a bit flipped on the way down once is not taken for one flipped in the store', async () => {
  const stored = await putContent(store, asCsv, randomBytes(5_000));
  let flips = 0;
  proxy.fault = ({ method }) => (method === 'GET' && flips++ === 0 ? { kind: 'flip-answer' } : null);
  await fetchFile(store, stored, join(folder, 'flip'));
  expect(flips).toBe(2);
});

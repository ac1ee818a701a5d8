import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DataDependencies } from '../../../activities/data/dependencies.js';
import { wholeFile } from '../../../activities/data/part-window.js';
import { putContent } from '../../../storage/content.js';
import { sourceKey } from '../../../storage/layout.js';
import type { StoredFile } from '../../../workflows/contract.js';
import { startFaultProxy, type FaultProxy } from '../../support/s3-fault-proxy.js';
import { startS3Server, type S3Server } from '../../support/s3-server.js';

let server: S3Server;
let proxy: FaultProxy;
let folder: string;
let dependencies: DataDependencies;
let file: StoredFile;
const bytes = randomBytes(100_000);

beforeAll(async () => {
  server = await startS3Server();
  proxy = await startFaultProxy(server.settings.endpoint);
  folder = await mkdtemp(join(tmpdir(), 'temper-whole-'));
  const store = server.open({ endpoint: proxy.endpoint });
  file = await putContent(store, (sha256) => sourceKey(sha256, 'csv'), bytes, { name: 'rows.csv' });
  const cacheFolder = join(folder, 'cache');
  dependencies = { store, cacheFolder, wholeFiles: new Map() } as unknown as DataDependencies;
});
afterAll(async () => {
  await proxy.stop();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What five parts get that want the file at once, and how often it was fetched for them. */
async function five(): Promise<{ sha256: Set<string>; fetched: number }> {
  const { signal } = new AbortController();
  const before = proxy.seen.length;
  const paths = await Promise.all(Array.from({ length: 5 }, () => wholeFile(dependencies, file, signal)));
  const digests = paths.map(async (path) =>
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex'),
  );
  return {
    sha256: new Set(await Promise.all(digests)),
    fetched: proxy.seen.slice(before).filter(({ method }) => method === 'GET').length,
  };
}
const whole = (fetched: number) => ({ sha256: new Set([file.sha256]), fetched });

it('is fetched once, however many parts want it', async () => {
  expect(await five()).toEqual(whole(1));
  expect(await five()).toEqual(whole(0));
});

it('is fetched again, once, when the cache was cleared under a living worker', async () => {
  await five();
  await rm(dependencies.cacheFolder, { recursive: true });
  expect(await five()).toEqual(whole(1));
});

it('is fetched again when the copy has lost its end', async () => {
  await five();
  await truncate(join(dependencies.cacheFolder, file.sha256), 1_000);
  expect(await five()).toEqual(whole(1));
});

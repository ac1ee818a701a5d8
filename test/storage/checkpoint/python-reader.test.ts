import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkpointKey } from '../../../storage/layout.js';
import { startS3Server, type S3Server } from '../../support/s3-server.js';
import { commitChain, digestOf, freshRun } from './states.js';

const reader = fileURLToPath(new URL('../../references/read_checkpoint.py', import.meta.url));

let server: S3Server;
let folder: string;
beforeAll(async () => {
  server = await startS3Server();
  folder = await mkdtemp(join(tmpdir(), 'temper-python-'));
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

test('a Python reader of a few lines loads a checkpoint by the document alone', async () => {
  const run = freshRun();
  await commitChain(server.open(), folder, run, [1, 7], { shards: ['only'], digest: 'state' });
  const read = () => execFileSync('python3', [reader, server.bucketFolder, run], { encoding: 'utf8', stdio: 'pipe' });
  expect(read()).toBe(`7 ${digestOf('state')}\nonly [4] 0.0\n`);

  const path = join(server.bucketFolder, checkpointKey(run, 2));
  const bytes = await readFile(path, 'utf8');
  await writeFile(path, bytes.replace('"step": 7', '"step": 8'));
  expect(read).toThrow(/is damaged/);
});

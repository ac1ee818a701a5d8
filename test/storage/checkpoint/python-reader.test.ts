import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkpointKey } from '../../../storage/layout.js';
import { startS3Server, type S3Server } from '../../support/s3-server.js';
import { commitChain, freshRun } from './states.js';

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

/** What it says of the run, and of what it passes over. */
function read(run: string): { stdout: string; stderr: string } {
  return spawnSync('python3', [reader, server.bucketFolder, run], { encoding: 'utf8' });
}

test('a Python reader of a few lines loads a checkpoint by the document alone, the newest that verifies', async () => {
  const run = freshRun();
  await commitChain(server.open(), folder, run, [1, 4, 7], { shards: ['only'], digest: 'state' });
  const pathOf = (sequence: number) => join(server.bucketFolder, checkpointKey(run, sequence));
  const manifestOf = async (sequence: number) =>
    JSON.parse(await readFile(pathOf(sequence), 'utf8')) as { shards: { key: string }[]; stateDigest: string };
  const [first, second, third] = [await manifestOf(1), await manifestOf(2), await manifestOf(3)];
  expect(read(run)).toMatchObject({ stdout: `7 ${third.stateDigest}\nonly [4] 0.0\n`, stderr: '' });

  const bytes = await readFile(pathOf(3), 'utf8');
  await writeFile(pathOf(3), bytes.replace('"step": 7', '"step": 8'));
  expect(read(run).stdout).toContain(`4 ${second.stateDigest}`);
  expect(read(run).stderr).toMatch(/0003\.json is damaged: an older checkpoint is looked for/);

  await truncate(pathOf(2), 40);
  expect(read(run).stdout).toContain(`1 ${first.stateDigest}`);
  await truncate(join(server.bucketFolder, first.shards[0]!.key), 8);
  expect(read(run)).toMatchObject({ stdout: '', status: 1 });
});

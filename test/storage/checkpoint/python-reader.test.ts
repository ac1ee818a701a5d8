import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commitCheckpoint } from '../../../storage/checkpoint/commit.js';
import { encodeRecord, type Manifest } from '../../../storage/checkpoint/manifest.js';
import { checkpointKey } from '../../../storage/layout.js';
import { saveState, type StoredTensor } from '../../../training/state/save.js';
import type { RunId, Sha256 } from '../../../workflows/contract.js';
import { startS3Server, type S3Server } from '../../support/s3-server.js';
import { digestOf, freshRun, lineage, recordAt } from './states.js';

const reader = fileURLToPath(new URL('../../references/read_checkpoint.py', import.meta.url));
const STEPS = [1, 4, 7];
const OTHER = digestOf('another lineage');

let server: S3Server;
let folder: string;
let run: RunId;
beforeAll(async () => {
  server = await startS3Server();
  folder = await mkdtemp(join(tmpdir(), 'temper-python-'));
  run = freshRun();
  for (const step of STEPS) await commitAt(step, lineage);
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const tensorsAt = (step: number): StoredTensor[] => [
  { name: '\u{1F600}', shape: [], read: () => Float32Array.of(0.5) },
  { name: '\uFF21', shape: [3], read: () => Float32Array.of(1, 2, step) },
  { name: 'layer.weight', shape: [2, 2], read: () => Float32Array.of(0.25, -step, 2 ** -20, 3) },
];

/** A state as the engine saves it, committed as the worker does. */
async function commitAt(step: number, of: Sha256): Promise<void> {
  const position = { step, epoch: 0, cursor: step };
  const saved = await saveState(tensorsAt(step), position, join(folder, `${step}`));
  await commitCheckpoint(server.open(), {
    ...saved,
    run,
    parent: null,
    lineage: of,
    base: [],
    observations: [],
    createdBy: { fingerprint: 'test', session: 'test' },
    strict: true,
  });
}

/** What it says of the run in a bucket, and of what it passes over. */
function read(bucket: string, ...more: string[]): { stdout: string; stderr: string; status: number | null } {
  return spawnSync('python3', [reader, bucket, run, ...more], { encoding: 'utf8' });
}

async function copyOfBucket(): Promise<string> {
  const copy = await mkdtemp(join(folder, 'bucket-'));
  await cp(server.bucketFolder, copy, { recursive: true });
  return copy;
}

const manifestAt = async (sequence: number) => (await recordAt(server.open(), run, sequence)) as Manifest;

const saysOf = (step: number, { stateDigest }: Manifest): string =>
  `${step} ${stateDigest}\nlayer.weight [2, 2] ${step === 7 ? '-3.7499990463256836' : '-0.7499990463256836'}\n\uFF21 [3] ${step + 3}.0\n\u{1F600} [] 0.5\n`;

test('a Python reader of a few lines loads a checkpoint by the document alone, with the digest of its state', async () => {
  expect(read(await copyOfBucket())).toMatchObject({ stdout: saysOf(7, await manifestAt(3)), stderr: '', status: 0 });
});

test('it passes over records and shards that do not verify', async () => {
  const bucket = await copyOfBucket();
  const pathOf = (sequence: number) => join(bucket, checkpointKey(run, sequence));
  const bytes = await readFile(pathOf(3), 'utf8');
  await writeFile(pathOf(3), bytes.replace('"step": 7', '"step": 8'));
  const second = read(bucket);
  expect(second.stdout).toBe(saysOf(4, await manifestAt(2)));
  expect(second.stderr).toMatch(/0003\.json is damaged: an older checkpoint is looked for/);

  await truncate(pathOf(2), 40);
  const first = await manifestAt(1);
  expect(read(bucket).stdout).toContain(`1 ${first.stateDigest}`);
  await truncate(join(bucket, first.shards[0]!.key), 8);
  expect(read(bucket)).toMatchObject({ stdout: '', status: 1 });
});

test('it passes over a record that lies at the key of another, and one with another state digest than its tensors', async () => {
  const bucket = await copyOfBucket();
  const pathOf = (sequence: number) => join(bucket, checkpointKey(run, sequence));
  const third = await manifestAt(3);
  await writeFile(pathOf(3), encodeRecord({ ...third, step: 8 }));
  expect(read(bucket).stderr).toMatch(/0003\.json has another state digest than its tensors and position: an older/);
  await cp(pathOf(1), pathOf(3));
  const { stdout, stderr } = read(bucket);
  expect(stdout).toContain(`4 ${(await manifestAt(2)).stateDigest}`);
  expect(stderr).toMatch(/0003\.json is that of another checkpoint: an older/);
});

test('it takes only those of the lineage that it is asked for, and nothing of another version', async () => {
  await commitAt(2, OTHER);
  const bucket = await copyOfBucket();
  expect(read(bucket, OTHER).stdout).toContain('2 ');
  expect(read(bucket, lineage).stdout).toContain('7 ');
  const path = join(bucket, checkpointKey(run, 4));
  await writeFile(path, encodeRecord({ ...(await manifestAt(4)), format: 'temper-checkpoint/9' } as never));
  expect(read(bucket)).toMatchObject({ stdout: '', status: 1 });
  expect(read(bucket).stderr).toMatch(/of another version, temper-checkpoint\/9/);
});

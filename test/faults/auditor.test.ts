import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeRecord } from '../../storage/checkpoint/manifest.js';
import { collectOrphans } from '../../storage/checkpoint/orphans.js';
import { retireCheckpoints } from '../../storage/checkpoint/retention.js';
import { checkpointKey, condemnedKey, shardPartsOf } from '../../storage/layout.js';
import type { ObjectStore } from '../../storage/object-store.js';
import type { RunId } from '../../workflows/contract.js';
import { commitChain, freshRun, keysBelow, lineage, recordAt, shardKeysOf } from '../storage/checkpoint/states.js';
import { startS3Server, type S3Server } from '../support/s3-server.js';
import { auditRun, openAudit, type BucketReader } from './auditor.js';

let server: S3Server;
let store: ObjectStore;
let folder: string;
let read: BucketReader;

beforeAll(async () => {
  server = await startS3Server();
  store = server.open();
  folder = await mkdtemp(join(tmpdir(), 'temper-audit-'));
  read = {
    list: (prefix) => keysBelow(store, prefix),
    get: async (key) => ((await store.head(key)) ? (await store.get(key)).bytes : null),
  };
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Three checkpoints, the first retired. */
async function threeCheckpoints(run: RunId) {
  const refs = await commitChain(store, folder, run, [1, 2, 3]);
  const [, , newest] = refs;
  if (newest === undefined) throw new Error('no ref');
  await retireCheckpoints(store, { run, lineage, keep: { last: 2, steps: [] }, newest });
  await collectOrphans(store, { newest });
}
const flip = async (key: string) => {
  const path = join(server.bucketFolder, key);
  const bytes = await readFile(path);
  bytes[60] = (bytes[60] ?? 0) ^ 1;
  await writeFile(path, bytes);
};
const shardOf = async (run: RunId, step: number) =>
  (await shardKeysOf(store, run)).find((key) => key.includes(`/${step}-`)) ?? '';

test('a healthy run has nothing to complain of, at every look', async () => {
  const run = freshRun();
  const audit = openAudit(read, run);
  expect(await audit()).toEqual({ verifiable: [], damaged: [], problems: [] });
  await threeCheckpoints(run);
  expect(await audit()).toEqual({ verifiable: [2, 3], damaged: [], problems: [] });
});

test('damaged records and shards are told as damage, and do not count', async () => {
  const run = freshRun();
  await threeCheckpoints(run);
  await flip(checkpointKey(run, 3));
  await flip(await shardOf(run, 2));
  const { verifiable, damaged, problems } = await auditRun(read, run);
  expect({ verifiable, problems }).toEqual({ verifiable: [], problems: [] });
  expect(damaged).toEqual([expect.stringMatching(/^shard .*\/2-/), expect.stringContaining('record 3')]);
});

const breakages: Record<string, { by: (run: RunId) => Promise<unknown>; found: RegExp }> = {
  'a live shard deleted': {
    by: async (run) => store.delete([await shardOf(run, 3)]),
    found: /manifest 3 names .* which is not there/,
  },
  'a committed folder condemned and emptied': {
    by: async (run) => {
      const key = await shardOf(run, 3);
      await store.put(condemnedKey(shardPartsOf(key)?.folder ?? ''), Buffer.from('{}'));
      await store.delete([key]);
    },
    found: /checkpoint 3 was committed and lost its shards/,
  },
  'a record deleted': { by: (run) => store.delete([checkpointKey(run, 2)]), found: /number 2 is free below 3/ },
  'the newest record deleted': { by: (run) => store.delete([checkpointKey(run, 3)]), found: /record 3 is gone/ },
  'a number reused': {
    by: async (run) => {
      const [two, three] = [await recordAt(store, run, 2), await recordAt(store, run, 3)];
      if (two.kind !== 'manifest' || three.kind !== 'manifest') throw new Error('no manifest');
      await store.put(checkpointKey(run, 3), encodeRecord({ ...three, stateDigest: two.stateDigest }));
    },
    found: /manifest 3 became a manifest of another state: number reused/,
  },
  'a step backwards': {
    by: async (run) => {
      const two = await recordAt(store, run, 2);
      if (two.kind !== 'manifest') throw new Error('no manifest');
      await store.put(checkpointKey(run, 4), encodeRecord({ ...two, sequence: 4 }));
    },
    found: /checkpoint 4 at step 2 came after 2 at step 2/,
  },
  'a sound checkpoint quarantined': {
    by: async (run) => {
      const { bytes } = await store.get(checkpointKey(run, 3));
      const copy = `runs/${run}/quarantine/${'3'.padStart(20, '0')}-none`;
      await store.put(copy, bytes);
      const record = { kind: 'quarantine', format: 'temper-checkpoint/1', run, sequence: 3, reason: 'none' } as const;
      await store.put(checkpointKey(run, 3), encodeRecord({ ...record, copy: copy as never }));
    },
    found: /manifest 3 became a quarantine though it was sound/,
  },
  'everything retired': {
    by: async (run) => {
      for (const sequence of [2, 3]) {
        const was = await recordAt(store, run, sequence);
        if (was.kind !== 'manifest') throw new Error('no manifest');
        const tombstone = { kind: 'tombstone', format: was.format, run, sequence, was } as const;
        await store.put(checkpointKey(run, sequence), encodeRecord(tombstone));
      }
    },
    found: /no checkpoint verifies/,
  },
};

test.each(Object.entries(breakages))('found: %s', async (_name, { by, found }) => {
  const run = freshRun();
  await threeCheckpoints(run);
  const audit = openAudit(read, run);
  expect((await audit()).problems).toEqual([]);
  await by(run);
  expect((await audit()).problems.join('\n')).toMatch(found);
});

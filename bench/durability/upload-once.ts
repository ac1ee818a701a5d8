// Commits 1 GiB to the store and says what that did to this process:  node upload-once.js SETTINGS-AS-JSON RUN
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { commitCheckpoint, type LocalShard } from '../../storage/checkpoint/commit.js';
import { openObjectStore, type StoreSettings } from '../../storage/object-store.js';
import type { RunId, Sha256 } from '../../workflows/contract.js';

const MIB = 2 ** 20;
const SHARDS = 16;
const SHARD_BYTES = 64 * MIB;
const LOOK_EACH_MS = 20;

const [settings = '{}', run = 'upload'] = process.argv.slice(2);
const store = openObjectStore(JSON.parse(settings) as StoreSettings);
const folder = await mkdtemp(join(tmpdir(), 'temper-bench-upload-'));
const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex') as Sha256;

/** In a function, so that the bytes are gone before anything is measured. */
async function shard(index: number): Promise<LocalShard> {
  const bytes = Buffer.alloc(SHARD_BYTES, `shard ${index} `);
  const path = join(folder, `${index}.safetensors`);
  await writeFile(path, bytes);
  return { path, sha256: sha256(bytes), bytes: SHARD_BYTES, tensors: 1 };
}

try {
  const shards: LocalShard[] = [];
  for (let index = 0; index < SHARDS; index++) shards.push(await shard(index));
  await store.check();
  await pause(3_000); // what the files were made in is given back
  const resident = () => process.memoryUsage.rss() / MIB;
  const idleMiB = Math.min(resident(), (await pause(500), resident()));
  let mostMiB = idleMiB;
  const looking = setInterval(() => (mostMiB = Math.max(mostMiB, resident())), LOOK_EACH_MS);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const started = performance.now();
  await commitCheckpoint(store, {
    run: run as RunId,
    parent: null,
    position: { step: 1, epoch: 0, cursor: 1 },
    lineage: sha256('lineage'),
    stateDigest: sha256('state'),
    shards,
    base: [],
    observations: [],
    createdBy: { fingerprint: 'bench', session: 'bench' },
    strict: true,
  });
  const seconds = (performance.now() - started) / 1000;
  delay.disable();
  clearInterval(looking);
  const delayP99Ms = delay.percentile(99) / 1e6;
  process.stdout.write(`${JSON.stringify({ idleMiB, mostMiB, delayP99Ms, seconds })}\n`);
} finally {
  store.close();
  await rm(folder, { recursive: true, force: true });
}

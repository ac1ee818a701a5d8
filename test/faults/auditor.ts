/**
 * The independent auditor over a real bucket. It reads by docs/checkpoint-format.md and shares no code with storage/.
 *
 *     const audit = openAudit({ list, get }, run);      once; then after every S3 request of the run:
 *     const { verifiable, damaged, problems } = await audit();
 *
 * `problems` must be empty, and `damaged` hold nothing but what the test damaged itself. `list` and `get` must not go
 * through a proxy that injects faults.
 */
import { RunAuditor, type AuditResult } from './audit/history.js';
import type { Bucket } from './audit/snapshot.js';

export type { AuditResult } from './audit/history.js';

export interface BucketReader {
  /** All keys below a prefix. */
  list(prefix: string): Promise<readonly string[]>;
  get(key: string): Promise<Uint8Array | null>;
}

/** One look, without what earlier looks would know. */
export const auditRun = (read: BucketReader, run: string): Promise<AuditResult> => openAudit(read, run)();

/** Looks that know each other: also how records change is judged. */
export function openAudit(read: BucketReader, run: string): () => Promise<AuditResult> {
  const auditor = new RunAuditor(run);
  return async () => auditor.look(await frozen(read, run));
}

/** The bucket at one moment although it is read bit by bit: read again until the records stayed as they were meanwhile. */
async function frozen(read: BucketReader, run: string): Promise<Bucket> {
  for (let tries = 0; tries < 50; tries++) {
    const before = await fetchAll(read, `runs/${run}/checkpoints/`);
    const shards = await fetchAll(read, `runs/${run}/shards/`);
    const copies = await fetchAll(read, `runs/${run}/quarantine/`);
    const after = await fetchAll(read, `runs/${run}/checkpoints/`);
    if (!before || !shards || !copies || !after || !equal(before, after)) continue;
    const objects = new Map([...before, ...shards, ...copies]);
    return {
      list: (prefix) => [...objects.keys()].filter((key) => key.startsWith(prefix)),
      get: (key) => objects.get(key) ?? null,
    };
  }
  throw new Error(`the records of ${run} changed at each of 50 looks: audit while its writers are held`);
}

/** null: something that was listed is gone already. */
async function fetchAll(read: BucketReader, prefix: string): Promise<Map<string, Uint8Array> | null> {
  const objects = new Map<string, Uint8Array>();
  for (const key of await read.list(prefix)) {
    const bytes = await read.get(key);
    if (bytes === null) return null;
    objects.set(key, bytes);
  }
  return objects;
}

function equal(a: ReadonlyMap<string, Uint8Array>, b: ReadonlyMap<string, Uint8Array>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, bytes] of a) if (!Buffer.from(bytes).equals(b.get(key) ?? Buffer.alloc(0))) return false;
  return true;
}

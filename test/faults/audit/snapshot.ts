/** What a bucket says about one run at one moment, judged by docs/checkpoint-format.md alone. */
import {
  digestOf,
  readRecord,
  tensorNames,
  type AuditedRecord,
  type ManifestFields,
  type ShardEntry,
} from './record.js';

/** A bucket that does not change while it is looked at. */
export interface Bucket {
  list(prefix: string): readonly string[];
  get(key: string): Uint8Array | null;
}

/** A bucket that is a map of objects. */
export const bucketOf = (objects: ReadonlyMap<string, Uint8Array>): Bucket => ({
  list: (prefix) => [...objects.keys()].filter((key) => key.startsWith(prefix)),
  get: (key) => objects.get(key) ?? null,
});

export interface Snapshot {
  /** By sequence, ascending; with the bytes of each. */
  readonly records: ReadonlyMap<number, { readonly bytes: Uint8Array; readonly record: AuditedRecord }>;
  /** Manifests that verify, with all their shards: what a reader would load. */
  readonly verifiable: readonly number[];
  /** Of these: no folder of theirs is condemned, so their commit holds for good. */
  readonly committed: readonly number[];
  /** Bytes that are not what their digest says. Somebody damaged them, or a writer wrote nonsense. */
  readonly damaged: readonly string[];
  /** Living manifests in a condemned folder with shards gone: an uploader that slept too long. It voids them, or a reader does. */
  readonly unfinished: readonly number[];
  readonly problems: readonly string[];
}

export function lookAt(bucket: Bucket, run: string): Snapshot {
  const folder = `runs/${run}/checkpoints/`;
  const records = new Map<number, { bytes: Uint8Array; record: AuditedRecord }>();
  const found = { verifiable: [] as number[], committed: [] as number[], damaged: [] as string[] };
  const unfinished: number[] = [];
  const problems: string[] = [];
  for (const key of [...bucket.list(folder)].sort()) {
    const digits = /^(\d{20})\.json$/.exec(key.slice(folder.length))?.[1];
    if (digits === undefined) {
      problems.push(`${key} is no record`);
      continue;
    }
    const sequence = Number(digits);
    const bytes = bucket.get(key);
    if (bytes !== null) records.set(sequence, { bytes, record: readRecord(bytes, run, sequence) });
  }
  const numbers = [...records.keys()];
  numbers.forEach((sequence, at) => {
    if (at === 0 ? sequence !== 1 : sequence !== (numbers[at - 1] ?? 0) + 1)
      problems.push(`number ${sequence - 1} is free below ${sequence}`);
  });
  for (const [sequence, { record }] of records) {
    if (record.kind === 'damaged') found.damaged.push(`record ${sequence}: ${record.reason}`);
    if (record.kind === 'quarantine') {
      const copy = bucket.get(record.copy);
      if (copy === null) problems.push(`quarantine ${sequence}: its copy ${record.copy} is not there`);
      else if (!record.copy.endsWith(`-${digestOf(copy)}`)) found.damaged.push(`copy ${record.copy}`);
    }
    if (record.kind === 'tombstone') {
      if (record.was.sequence !== sequence || record.was.run !== run)
        problems.push(`tombstone ${sequence} is that of another checkpoint`);
    }
    if (record.kind !== 'manifest') continue;
    const { manifest } = record;
    problems.push(...oddities(manifest, records));
    const condemned = manifest.shards.some(({ key }) => bucket.get(`${folderOf(key)}condemned.json`) !== null);
    const shards = manifest.shards.map((shard) => lookAtShard(bucket, shard));
    found.damaged.push(...shards.flatMap((shard) => (shard.kind === 'damaged' ? [shard.reason] : [])));
    const missing = shards.find((shard) => shard.kind === 'missing');
    if (missing && condemned) unfinished.push(sequence);
    else if (missing) problems.push(`the living manifest ${sequence} names ${missing.reason}`);
    if (shards.some(({ kind }) => kind !== 'sound')) continue;
    problems.push(...tensorsTwice(bucket, manifest));
    found.verifiable.push(sequence);
    if (!condemned) found.committed.push(sequence);
  }
  return { records, ...found, unfinished, problems };
}

const folderOf = (key: string): string => key.slice(0, key.lastIndexOf('/') + 1);

function lookAtShard(bucket: Bucket, { key, bytes, sha256 }: ShardEntry) {
  const found = bucket.get(key);
  if (found === null) return { kind: 'missing', reason: `${key}, which is not there` } as const;
  if (found.byteLength !== bytes || digestOf(found) !== sha256)
    return { kind: 'damaged', reason: `shard ${key}` } as const;
  return { kind: 'sound' } as const;
}

function oddities({ run, sequence, parent, shards }: ManifestFields, records: Snapshot['records']): string[] {
  const odd: string[] = [];
  if (parent !== null && (parent >= sequence || !records.has(parent)))
    odd.push(`manifest ${sequence} has the parent ${parent}, which cannot be`);
  for (const { key, sha256 } of shards)
    if (!new RegExp(`^runs/${run}/shards/\\d+-[^/]+/${sha256}\\.safetensors$`).test(key))
      odd.push(`manifest ${sequence} names the shard ${key}, which is no key of this run's`);
  return odd;
}

const checkedTensors = new WeakSet<ManifestFields>();

function tensorsTwice(bucket: Bucket, manifest: ManifestFields): string[] {
  if (checkedTensors.has(manifest)) return [];
  const seen = new Set<string>();
  const twice: string[] = [];
  for (const { key, tensors } of manifest.shards) {
    const bytes = bucket.get(key);
    const names = bytes && tensorNames(bytes);
    if (names?.length !== tensors) twice.push(`manifest ${manifest.sequence}: ${key} has not ${tensors} tensors`);
    for (const name of names ?? []) {
      if (seen.has(name)) twice.push(`manifest ${manifest.sequence}: the tensor ${name} is in two shards`);
      seen.add(name);
    }
  }
  if (twice.length === 0) checkedTensors.add(manifest);
  return twice;
}

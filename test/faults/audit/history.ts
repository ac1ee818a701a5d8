/** The rules about how a run's records may change from one look to the next (docs/checkpoint-format.md, Writing). */
import type { AuditedRecord, ManifestFields } from './record.js';
import { lookAt, type Bucket, type Snapshot } from './snapshot.js';

export interface AuditResult {
  /** Sequences of the checkpoints that verify to the last byte. */
  readonly verifiable: readonly number[];
  /** Bytes that are not what their digest says: of whoever damaged them on purpose, or a defect. */
  readonly damaged: readonly string[];
  /** Broken rules. */
  readonly problems: readonly string[];
}

type Kept = Snapshot['records'] extends ReadonlyMap<number, infer Value> ? Value : never;

/** Looks at one run again and again. Call it after every request and nothing escapes it; seldom, and it sees less. */
export class RunAuditor {
  private last: Snapshot | null = null;
  /** Whose commit held at some look: they are readable until they are retired, or somebody damages them. */
  private readonly committed = new Set<number>();
  private readonly damagedOnce = new Set<number>();

  constructor(private readonly run: string) {}

  /** What the latest look saw. */
  get snapshot(): Snapshot | null {
    return this.last;
  }

  look(bucket: Bucket): AuditResult {
    const now = lookAt(bucket, this.run);
    const problems = [...now.problems];
    for (const [sequence, { record }] of now.records) if (record.kind === 'damaged') this.damagedOnce.add(sequence);
    for (const [sequence, { record }] of now.records)
      if (record.kind === 'manifest' && !now.verifiable.includes(sequence) && !now.unfinished.includes(sequence))
        this.damagedOnce.add(sequence);
    for (const [sequence, before] of this.last?.records ?? []) {
      const after = now.records.get(sequence);
      if (after === undefined) problems.push(`record ${sequence} is gone`);
      else if (after.bytes !== before.bytes) problems.push(...this.changed(sequence, before, after, now));
    }
    for (const [sequence, { record }] of now.records)
      if (this.last && !this.last.records.has(sequence)) problems.push(...this.appeared(sequence, record, now));
    for (const sequence of this.committed)
      if (now.unfinished.includes(sequence)) problems.push(`checkpoint ${sequence} was committed and lost its shards`);
    for (const sequence of now.committed) this.committed.add(sequence);
    if (this.committed.size > 0 && now.verifiable.length === 0) problems.push('no checkpoint verifies');
    this.last = now;
    return { verifiable: now.verifiable, damaged: now.damaged, problems };
  }

  private changed(sequence: number, before: Kept, after: Kept, now: Snapshot): string[] {
    const [old, young] = [before.record, after.record];
    const step = `${old.kind} ${sequence} became a ${young.kind}`;
    if (young.kind === 'damaged') return []; // told as damage
    if (old.kind === 'quarantine') return same(before, after) ? [] : [`${step}: a quarantine record is final`];
    if (young.kind === 'quarantine') {
      // Condemned before its uploader looked: it voids it, and nobody was told of a commit.
      if (this.last?.committed.includes(sequence) === false) this.committed.delete(sequence);
      const sound = old.kind === 'manifest' && this.committed.has(sequence) && !this.damagedOnce.has(sequence);
      return sound ? [`${step} though it was sound`] : [];
    }
    if (old.kind === 'damaged') return [];
    if (JSON.stringify(stateOf(old)) !== JSON.stringify(stateOf(young)))
      return [`${step} of another state: number reused`];
    if (young.kind === 'manifest' && old.kind === 'tombstone' && !now.verifiable.includes(sequence))
      return [`${step} again without its shards`];
    return [];
  }

  private appeared(sequence: number, record: AuditedRecord, now: Snapshot): string[] {
    if (record.kind !== 'manifest') return [];
    const { lineage, step } = record.manifest;
    const problems: string[] = [];
    for (const [other, { record: before }] of this.last?.records ?? []) {
      if (before.kind !== 'manifest' || before.manifest.lineage !== lineage || !now.committed.includes(other)) continue;
      if (other < sequence && before.manifest.step >= step)
        problems.push(`checkpoint ${sequence} at step ${step} came after ${other} at step ${before.manifest.step}`);
    }
    return problems;
  }
}

const same = (a: Kept, b: Kept): boolean => Buffer.compare(a.bytes, b.bytes) === 0;

function stateOf(record: AuditedRecord): ManifestFields | null {
  if (record.kind === 'manifest') return withoutDigest(record.manifest);
  return record.kind === 'tombstone' ? withoutDigest(record.was) : null;
}

/** A manifest as a tombstone keeps it: its own ending is not part of it. */
function withoutDigest(manifest: ManifestFields): ManifestFields {
  const { sha256: _ending, ...fields } = manifest as ManifestFields & { sha256?: string };
  return fields;
}

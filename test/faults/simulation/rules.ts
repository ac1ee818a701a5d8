/**
 * The rules of a run's bucket, for whoever sees it after every single request: the auditor's, and those about what was promised
 * to somebody: a commit that was acknowledged, a pin that was granted. Shares no code with storage/.
 */
import { RunAuditor } from '../audit/history.js';
import type { AuditedRecord, ManifestFields } from '../audit/record.js';
import type { Bucket, Snapshot } from '../audit/snapshot.js';

export interface Promised {
  readonly sequence: number;
  readonly stateDigest: string;
}

export class Rules {
  readonly #auditor: RunAuditor;
  readonly #acknowledged = new Map<number, Promised>();
  readonly #pinned = new Map<string, Promised>();
  /** What the workflow stands at: it goes on from there, or from further. */
  #stands = -1;
  /** Words of complaints about what somebody damaged on purpose; null: nobody did. */
  damaged: readonly string[] | null = null;

  constructor(
    run: string,
    readonly keepSteps: readonly number[],
    /** Lineage of the run's states by step, as it is in force now. */
    public lineageAt: (step: number) => string,
  ) {
    this.#auditor = new RunAuditor(run);
  }

  get snapshot(): Snapshot | null {
    return this.#auditor.snapshot;
  }

  /** What is wrong now, after a request that changed something. */
  look(bucket: Bucket): string[] {
    const before = this.#auditor.snapshot;
    const { problems, damaged } = this.#auditor.look(bucket);
    const now = this.#auditor.snapshot!;
    const found = [...problems, ...damaged];
    for (const [sequence, { record }] of now.records)
      if (record.kind === 'tombstone' && before?.records.get(sequence)?.record.kind === 'manifest')
        found.push(...this.#retired(sequence, record.was, now));
    for (const promised of this.#acknowledged.values()) found.push(...this.#kept(promised, now));
    found.push(...this.#lost(now));
    for (const [name, promised] of this.#pinned) found.push(...this.#readable(name, promised, now, bucket));
    return found.filter((each) => !this.damaged?.some((word) => each.includes(word)));
  }

  /** A committer was told that this state is durable. */
  acknowledge(promised: Promised): string[] {
    const now = this.snapshot;
    if (!now) return ['acknowledged before anything was written'];
    this.#acknowledged.set(promised.sequence, promised);
    const { sequence } = promised;
    const lives = now.records.get(sequence)?.record.kind === 'manifest';
    const torn = lives && this.damaged === null && !now.verifiable.includes(sequence);
    return [
      ...this.#kept(promised, now),
      ...(torn ? [`checkpoint ${sequence} was acknowledged without its shards`] : []),
    ];
  }

  /** The workflow was told of a checkpoint at this step, and goes on from there. */
  confirm({ sequence, step }: Promised & { readonly step: number }): void {
    // One that was found before it was acknowledged may be voided by whoever made it.
    if (this.#acknowledged.has(sequence)) this.#stands = Math.max(this.#stands, step);
  }

  grantPin(name: string, promised: Promised): void {
    this.#pinned.set(name, promised);
  }

  dropPin(name: string): void {
    this.#pinned.delete(name);
  }

  #retired(sequence: number, was: ManifestFields, now: Snapshot): string[] {
    const problems: string[] = [];
    // A fence that comes after the answer says nothing.
    const stands = (newer: number) => now.committed.includes(newer) || this.#acknowledged.has(newer);
    if (this.damaged === null && !now.verifiable.some((newer) => newer > sequence && stands(newer)))
      problems.push(`checkpoint ${sequence} was retired though none after it stands`);
    if (this.keepSteps.includes(was.step)) problems.push(`checkpoint ${sequence} (step ${was.step}) was to be kept`);
    return problems;
  }

  /** Somebody who looks now where to go on from finds what the workflow stands at, or more. */
  #lost(now: Snapshot): string[] {
    const found = now.verifiable.some((sequence) => {
      const record = now.records.get(sequence)?.record;
      if (record?.kind !== 'manifest') return false;
      const { step, lineage } = record.manifest;
      return step >= this.#stands && lineage === this.lineageAt(step);
    });
    if (found || this.#stands < 0 || this.damaged !== null) return [];
    return [`the run stood at step ${this.#stands}, and no checkpoint of its line is there to go on from`];
  }

  #kept({ sequence, stateDigest }: Promised, now: Snapshot): string[] {
    const record = now.records.get(sequence)?.record;
    const state = record && stateIn(record);
    if (state === null && this.damaged !== null) return [];
    if (state?.stateDigest === stateDigest) return [];
    return [`checkpoint ${sequence} was acknowledged, and is ${record?.kind ?? 'nothing'} of another state now`];
  }

  #readable(name: string, { sequence, stateDigest }: Promised, now: Snapshot, bucket: Bucket): string[] {
    const record = now.records.get(sequence)?.record;
    const state = record && stateIn(record);
    if (state === null && this.damaged !== null) return [];
    if (state?.stateDigest !== stateDigest) return [`the pin ${name} was granted, and checkpoint ${sequence} is gone`];
    const gone = state.shards.filter(({ key }) => bucket.get(key) === null);
    return gone.map(({ key }) => `the pin ${name} was granted on ${sequence}, and ${key} is gone`);
  }
}

const stateIn = (record: AuditedRecord): ManifestFields | null => {
  if (record.kind === 'manifest') return record.manifest;
  return record.kind === 'tombstone' ? record.was : null;
};

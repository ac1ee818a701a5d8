/** All buckets that were met, by number, with what a request does to each, and the auditor's word about each change. */
import { applied, etagOf, type Answer, type Objects, type Request } from '../../support/simulation/bucket.js';
import { digestOfState, stateAt, type Course } from '../../support/simulation/course.js';
import { RunAuditor } from '../audit/history.js';
import { bucketOf } from '../audit/snapshot.js';
import { Interned, pairOf, type Automaton } from './automaton.js';

export interface Asked {
  readonly request: Request;
  readonly requestId: number;
}

export interface Applied {
  readonly bucket: number;
  readonly answer: Answer;
  readonly answerId: number;
}

export class World {
  readonly #buckets: Objects[] = [];
  readonly #ids = new Interned();
  readonly #applied = new Map<number, Applied>();
  readonly #audited = new Map<number, readonly string[]>();
  readonly #ended = new Map<number, boolean>();
  readonly empty: number;

  constructor(
    readonly automaton: Automaton,
    readonly course: Course,
  ) {
    this.empty = this.#id(new Map());
  }

  get size(): number {
    return this.#buckets.length;
  }

  applied(bucket: number, { request, requestId }: Asked): Applied {
    const key = pairOf(bucket, requestId);
    const known = this.#applied.get(key);
    if (known) return known;
    const before = this.#buckets[bucket]!;
    const { objects, answer } = applied(before, request);
    const now = objects === before ? bucket : this.#id(objects);
    const made = { bucket: now, answer, answerId: this.automaton.answerId(answer) };
    this.#applied.set(key, made);
    return made;
  }

  /** Broken rules of a change. */
  audited(before: number, now: number): readonly string[] {
    if (before === now) return [];
    const key = pairOf(before, now);
    const known = this.#audited.get(key);
    if (known) return known;
    const auditor = this.#auditorOf(before);
    const { problems, damaged } = auditor.look(bucketOf(this.#buckets[now]!));
    const found = [...problems, ...damaged];
    this.#audited.set(key, found);
    return found;
  }

  /** What somebody was told is durable is there. */
  holds(bucket: number, { sequence, stateDigest }: { sequence: number; stateDigest: string }): boolean {
    const { snapshot } = this.#auditorOf(bucket);
    const record = snapshot?.records.get(sequence)?.record;
    const state = record?.kind === 'manifest' ? record.manifest : record?.kind === 'tombstone' ? record.was : null;
    const torn = record?.kind === 'manifest' && !snapshot!.verifiable.includes(sequence);
    return !torn && state?.stateDigest === stateDigest;
  }

  /** The last state is there, bit for bit. */
  hasEnded(bucket: number): boolean {
    const known = this.#ended.get(bucket);
    if (known !== undefined) return known;
    const { verifiable, records } = this.#auditorOf(bucket).snapshot!;
    const final = digestOfState(stateAt(this.course.steps, this.automaton.lineage));
    const there = verifiable.some((sequence) => {
      const record = records.get(sequence)!.record;
      return record.kind === 'manifest' && record.manifest.stateDigest === final;
    });
    this.#ended.set(bucket, there);
    return there;
  }

  #auditorOf(bucket: number): RunAuditor {
    const auditor = new RunAuditor(this.course.run);
    auditor.look(bucketOf(this.#buckets[bucket]!));
    return auditor;
  }

  #id(objects: Objects): number {
    const key = [...objects].map(([name, bytes]) => `${name} ${etagOf(bytes)}`);
    const id = this.#ids.id(key.sort().join());
    this.#buckets[id] ??= objects;
    return id;
  }
}

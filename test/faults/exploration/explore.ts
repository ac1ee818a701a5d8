/**
 * Two sessions with their retention over some steps: every order of their requests, every lost answer, every death, and every request
 * that arrives after its maker died, within a budget of these. States that were reached before are not gone on from; a session that
 * dies for good is one that is never let go on, so that too is in here.
 */
import { applied, changes, etagOf, type Answer, type Objects, type Request } from '../../support/simulation/bucket.js';
import { nameOf } from '../../support/simulation/client.js';
import { digestOfState, hash, stateAt, type Course } from '../../support/simulation/course.js';
import type { RunId } from '../../../workflows/contract.js';
import { RunAuditor } from '../audit/history.js';
import { bucketOf } from '../audit/snapshot.js';
import { Automaton, Interned, pairOf, type Move, type Node } from './automaton.js';

export interface Budget {
  /** Requests that happen and whose answers are lost. */
  readonly lostAnswers: number;
  /** Sessions that die and are followed by another one. */
  readonly deaths: number;
  readonly steps: number;
  readonly sessions: number;
}

export interface Explored {
  readonly states: number;
  readonly nodes: number;
  readonly buckets: number;
  readonly ends: number;
  readonly problems: readonly string[];
}

interface State {
  readonly bucket: number;
  readonly nodes: readonly Node[];
  readonly lost: number;
  readonly deaths: number;
  /** Of the dead, on the wire. */
  readonly late: Request | null;
  /** How it came here. */
  readonly from: State | null;
  readonly by: Event | null;
}

interface Event {
  readonly who: string;
  readonly request: Request;
  readonly how: string;
}

const lineage = hash('lineage');
const LOST: Answer = { kind: 'error', error: 'unreachable' };
const MOST_PROBLEMS = 5;

export class Explorer {
  readonly #automaton: Automaton;
  readonly #buckets: Objects[] = [];
  readonly #bucketIds = new Interned();
  readonly #steps = new Map<number, { readonly bucket: number; readonly answer: Answer; readonly answerId: number }>();
  readonly #audited = new Map<number, readonly string[]>();
  readonly #ended = new Map<number, boolean>();
  readonly #problems: string[] = [];
  readonly #seen = new Set<string>();
  #ends = 0;

  constructor(
    readonly budget: Budget,
    readonly course: Course = {
      ...{ run: 'r' as RunId, steps: budget.steps + 1, keep: { last: 1, steps: [] }, strict: true, shares: true },
    },
  ) {
    this.#automaton = new Automaton(course, lineage);
  }

  async explore(): Promise<Explored> {
    const names = Array.from({ length: this.budget.sessions }, (_, i) => 'ab'[i] ?? `s${i}`);
    const nodes = names.map((name) => this.#automaton.begin(name));
    const { lostAnswers: lost, deaths } = this.budget;
    const stack: State[] = [{ bucket: await this.#begun(), nodes, lost, deaths, late: null, from: null, by: null }];
    while (stack.length > 0 && this.#problems.length < MOST_PROBLEMS) {
      const state = await this.#settled(stack.pop()!);
      const late = state.late ? this.#automaton.requestId(state.late) : -1;
      const key = `${state.bucket} ${state.nodes.map(({ id }) => id).join()} ${state.lost} ${state.deaths} ${late}`;
      if (this.#seen.has(key)) continue;
      this.#seen.add(key);
      await this.#next(state, stack);
    }
    return {
      ...{ states: this.#seen.size, nodes: this.#automaton.size, buckets: this.#buckets.length },
      ...{ ends: this.#ends, problems: this.#problems },
    };
  }

  /** A session alone up to its second checkpoint, so that the next one retires: the state that all begin from. */
  async #begun(): Promise<number> {
    let bucket = this.#bucketId(new Map());
    let commits = 0;
    for (let node = this.#automaton.begin('0'); ;) {
      const move = await this.#automaton.move(node);
      if (move.kind === 'goes on') {
        if (move.acknowledged && ++commits === 2) return bucket;
        node = move.to;
      } else if (move.kind === 'asks') {
        const { bucket: now, answer } = this.#applied(bucket, move);
        [bucket, node] = [now, this.#automaton.answered(node, answer)];
      } else throw new Error(move.kind === 'failed' ? move.reason : 'it ended before its second commit');
    }
  }

  /** What needs no choice: the end of a phase, and a look at the pins, which nobody sets here. */
  async #settled(state: State): Promise<State> {
    for (let at = 0; at < state.nodes.length;) {
      const node = state.nodes[at]!;
      const move = await this.#moveOf(node);
      if (move.kind === 'failed') this.#report(state, `${node.name}: ${move.reason}`);
      if (move.kind === 'goes on') {
        if (move.acknowledged) this.#checkAcknowledged(state, move.acknowledged.ref);
        state = { ...state, nodes: replaced(state.nodes, at, move.to) };
      } else if (move.kind === 'asks' && move.request.kind === 'list' && move.request.prefix.includes('/pins/')) {
        const { answer, answerId } = this.#applied(state.bucket, move);
        state = { ...state, nodes: replaced(state.nodes, at, this.#automaton.answered(node, answer, answerId)) };
      } else at++;
    }
    return state;
  }

  #moveOf(node: Node): Move | Promise<Move> {
    return this.#automaton.move(node);
  }

  async #next(state: State, stack: State[]): Promise<void> {
    const { bucket, nodes, lost, deaths, late } = state;
    const go = (change: Partial<State>, who: string, request: Request, how: string): void =>
      void stack.push(this.#checked({ ...state, ...change, from: state, by: { who, request, how } }));
    if (late) {
      const requestId = this.#automaton.requestId(late);
      go({ bucket: this.#applied(bucket, { request: late, requestId }).bucket, late: null }, 'late', late, '');
    }
    let ended = 0;
    for (const [at, node] of nodes.entries()) {
      const known = this.#moveOf(node);
      const move = known instanceof Promise ? await known : known;
      if (move.kind === 'ended') ended++;
      if (move.kind !== 'asks') continue;
      const { request } = move;
      const { bucket: now, answer, answerId } = this.#applied(bucket, move);
      const after = this.#automaton.answered(node, answer, answerId);
      go({ bucket: now, nodes: replaced(nodes, at, after) }, node.name, request, said(answer));
      if (!changes(request)) continue;
      const unheard = this.#automaton.answered(node, LOST);
      if (lost > 0)
        go(
          { bucket: now, nodes: replaced(nodes, at, unheard), lost: lost - 1 },
          node.name,
          request,
          'its answer is lost',
        );
      if (deaths === 0 || late) continue;
      const dead = { nodes: replaced(nodes, at, this.#automaton.begin(`${node.name}x`)), deaths: deaths - 1 };
      go({ ...dead, late: request }, node.name, request, 'it dies, the request is late');
      go(dead, node.name, request, 'it dies before');
      go({ ...dead, bucket: now }, node.name, request, 'it dies after');
    }
    if (ended > 0) this.#checkEnd(state, ended === nodes.length);
  }

  #applied(bucket: number, { request, requestId }: { request: Request; requestId: number }) {
    const step = pairOf(bucket, requestId);
    const known = this.#steps.get(step);
    if (known) return known;
    const before = this.#buckets[bucket]!;
    const { objects, answer } = applied(before, request);
    const now = objects === before ? bucket : this.#bucketId(objects);
    const made = { bucket: now, answer, answerId: this.#automaton.answerId(answer) };
    this.#steps.set(step, made);
    return made;
  }

  #bucketId(objects: Objects): number {
    const id = this.#bucketIds.id(
      [...objects]
        .map(([name, bytes]) => `${name} ${etagOf(bytes)}`)
        .sort()
        .join(),
    );
    this.#buckets[id] ??= objects;
    return id;
  }

  /** The auditor's word about this change of the bucket. */
  #checked(state: State): State {
    const before = state.from!.bucket;
    if (before === state.bucket) return state;
    const key = pairOf(before, state.bucket);
    let problems = this.#audited.get(key);
    if (!problems) {
      const auditor = new RunAuditor(this.course.run);
      auditor.look(bucketOf(this.#buckets[before]!));
      const { problems: found, damaged } = auditor.look(bucketOf(this.#buckets[state.bucket]!));
      problems = [...found, ...damaged];
      this.#audited.set(key, problems);
    }
    for (const problem of problems) this.#report(state, problem);
    return state;
  }

  #checkAcknowledged(state: State, { sequence, stateDigest }: { sequence: number; stateDigest: string }): void {
    const auditor = new RunAuditor(this.course.run);
    auditor.look(bucketOf(this.#buckets[state.bucket]!));
    const record = auditor.snapshot?.records.get(sequence)?.record;
    const holds = record?.kind === 'manifest' ? record.manifest : record?.kind === 'tombstone' ? record.was : null;
    const torn = record?.kind === 'manifest' && !auditor.snapshot!.verifiable.includes(sequence);
    if (torn || holds?.stateDigest !== stateDigest)
      this.#report(state, `checkpoint ${sequence} was acknowledged, and is not there`);
  }

  /** Whoever has ended has the last state to show, bit for bit. */
  #checkEnd(state: State, all: boolean): void {
    if (all) this.#ends++;
    let there = this.#ended.get(state.bucket);
    if (there === undefined) {
      const auditor = new RunAuditor(this.course.run);
      const { verifiable } = auditor.look(bucketOf(this.#buckets[state.bucket]!));
      const records = verifiable.map((sequence) => auditor.snapshot!.records.get(sequence)!.record);
      const final = digestOfState(stateAt(this.course.steps, lineage));
      there = records.some((record) => record.kind === 'manifest' && record.manifest.stateDigest === final);
      this.#ended.set(state.bucket, there);
    }
    if (!there) this.#report(state, 'a session ended, and its state is not there');
  }

  #report(state: State, problem: string): void {
    const path: string[] = [];
    for (let at: State | null = state; at; at = at.from)
      if (at.by) path.unshift(`${at.by.who}: ${nameOf(at.by.request)}: ${at.by.how}`);
    this.#problems.push(`${problem}\n${path.join('\n')}`);
  }
}

const replaced = (nodes: readonly Node[], at: number, node: Node): Node[] =>
  nodes.map((each, i) => (i === at ? node : each));

const said = (answer: Answer): string => (answer.kind === 'error' ? answer.error : answer.kind);

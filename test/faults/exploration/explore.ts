/**
 * Two sessions with their retention over some steps: every order of their requests, every lost answer, every death, and every request
 * that arrives after its maker died, within a budget of these. States that were reached before are not gone on from; a session that
 * dies for good is one that is never let go on, so that too is in here.
 *
 * Of orders that nobody can tell apart one is gone through. Requests that do not change the bucket commute, whoever makes them, so
 * that an order is told by its changes, and by what each session had asked before each of them:
 *
 *   - a state is a bucket that has just been changed, and where everybody is. From there one of them makes the next change. All
 *     that it asks until then is answered by this bucket, and it is determined by the answers (runs.ts): no choice, no states.
 *   - of the others each has got some way by then, on the same bucket. That is the choice, and only as far as it matters: if the
 *     request before a place is answered alike before and after the change, a session that stops short of it comes by that place
 *     afterwards, with the same answers, so that the place is among what is explored from there.
 *
 * What is judged is kept: changes of the bucket are judged one by one, and what a session is told, or ends with, is judged in
 * the bucket that it is told in (runs.ts). Every sequence of changes is here, with all that anybody can have seen of it.
 */
import type { Answer, Request } from '../../support/simulation/bucket.js';
import { nameOf } from '../../support/simulation/client.js';
import { hash, type Course } from '../../support/simulation/course.js';
import type { RunId } from '../../../workflows/contract.js';
import { Automaton, type Node } from './automaton.js';
import { endOf, Runs, writesOf, type Run } from './runs.js';
import { World } from './world.js';

export interface Budget {
  /** Requests that happen and whose answers are lost. */
  readonly lostAnswers: number;
  /** Sessions that die and are followed by another one. */
  readonly deaths: number;
  /** After the two that all begin with, so that each retires. */
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
  readonly by: string;
}

const LOST: Answer = { kind: 'error', error: 'unreachable' };
const MOST_PROBLEMS = 5;

export class Explorer {
  readonly #automaton: Automaton;
  readonly #world: World;
  readonly #runs: Runs;
  readonly #problems: string[] = [];
  readonly #seen = new Set<string>();
  #ends = 0;

  constructor(
    readonly budget: Budget,
    course: Course = {
      ...{ run: 'r' as RunId, steps: budget.steps + 1, keep: { last: 1, steps: [] }, strict: true, shares: true },
    },
  ) {
    this.#automaton = new Automaton(course, hash('lineage'));
    this.#world = new World(this.#automaton, course);
    this.#runs = new Runs(this.#world);
  }

  async explore(): Promise<Explored> {
    const names = Array.from({ length: this.budget.sessions }, (_, i) => 'ab'[i] ?? `s${i}`);
    const nodes = names.map((name) => this.#automaton.begin(name));
    const { lostAnswers: lost, deaths } = this.budget;
    const stack: State[] = [
      { bucket: await this.#begun(), nodes, lost, deaths, late: null, from: null, by: 'two checkpoints are there' },
    ];
    while (stack.length > 0 && this.#problems.length < MOST_PROBLEMS) {
      const state = stack.pop()!;
      const late = state.late ? this.#automaton.requestId(state.late) : -1;
      const key = `${state.bucket} ${state.nodes.map(({ id }) => id).join()} ${state.lost} ${state.deaths} ${late}`;
      if (this.#seen.has(key)) continue;
      this.#seen.add(key);
      await this.#next(state, stack);
    }
    return {
      ...{ states: this.#seen.size, nodes: this.#automaton.size, buckets: this.#world.size },
      ...{ ends: this.#ends, problems: this.#problems },
    };
  }

  /** A session alone up to its second checkpoint, so that the next one retires: the state that all begin from. */
  async #begun(): Promise<number> {
    let bucket = this.#world.empty;
    let commits = 0;
    for (let node = this.#automaton.begin('0'); ;) {
      const move = await this.#automaton.move(node);
      if (move.kind === 'goes on') {
        if (move.acknowledged && ++commits === 2) return bucket;
        node = move.to;
      } else if (move.kind === 'asks') {
        const { bucket: now, answer } = this.#world.applied(bucket, move);
        [bucket, node] = [now, this.#automaton.answered(node, answer)];
      } else throw new Error(move.kind === 'failed' ? move.reason : 'it ended before its second commit');
    }
  }

  async #next(state: State, stack: State[]): Promise<void> {
    const { bucket, nodes, lost, deaths, late } = state;
    const runs: Run[] = [];
    for (const node of nodes) runs.push(await this.#runs.of(bucket, node));
    const ends = runs.map(endOf);
    for (const end of ends) if (end.kind === 'failed') this.#report(state, `${end.node.name}: ${end.reason}`);
    if (ends.every(({ kind }) => kind === 'ended')) this.#ends++;

    if (late) {
      const asked = { request: late, requestId: this.#automaton.requestId(late) };
      const { bucket: now } = this.#world.applied(bucket, asked);
      this.#changed({ ...state, late: null, from: state, by: `late: ${nameOf(late)}` }, now, runs, -1, stack);
    }
    for (const [at, run] of runs.entries()) {
      for (const { node, request, requestId } of writesOf(run)) {
        const { bucket: now, answer, answerId } = this.#world.applied(bucket, { request, requestId });
        const go = (then: number, who: Node, how: string, change: Partial<State> = {}): void => {
          const by = `${node.name}: ${nameOf(request)}${how}`;
          const after = { ...state, ...change, nodes: replaced(nodes, at, who), from: state, by };
          this.#changed(after, then, runs, at, stack);
        };
        if (now !== bucket) go(now, this.#automaton.answered(node, answer, answerId), '');
        if (lost > 0) go(now, this.#automaton.answered(node, LOST), ': its answer is lost', { lost: lost - 1 });
        if (deaths === 0 || late) continue;
        const next = this.#automaton.begin(`${node.name}x`);
        go(bucket, next, ': it dies, the request is late', { deaths: deaths - 1, late: request });
        go(bucket, next, ': it dies before', { deaths: deaths - 1 });
        go(now, next, ': it dies after', { deaths: deaths - 1 });
      }
    }
  }

  /** The bucket is `now`; everybody but `who` has got to some place before that. */
  #changed(state: State, now: number, runs: readonly Run[], who: number, stack: State[]): void {
    const before = state.bucket;
    for (const problem of this.#world.audited(before, now)) this.#report(state, problem);
    let all: (readonly Node[])[] = [[]];
    for (const [at, run] of runs.entries()) {
      const places = at === who || now === before ? [state.nodes[at]!] : this.#runs.before(run, now);
      all = all.flatMap((nodes) => places.map((node) => [...nodes, node]));
    }
    for (const nodes of all) stack.push({ ...state, bucket: now, nodes });
  }

  #report(state: State, problem: string): void {
    const path: string[] = [];
    for (let at: State | null = state; at; at = at.from) path.unshift(at.by);
    this.#problems.push(`${problem}\n${path.join('\n')}`);
  }
}

const replaced = (nodes: readonly Node[], at: number, node: Node): Node[] =>
  nodes.map((each, i) => (i === at ? node : each));

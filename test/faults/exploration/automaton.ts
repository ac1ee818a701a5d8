/**
 * A session as an automaton. What it asks next is a function of the phase that it is in and of the answers that it has had there, so
 * the real code runs once for each thing that it can have seen, and never again: the product of several sessions and a bucket is
 * explored over that. Between two phases a session is nothing but where it has got to; what it read before is forgotten.
 */
import { setImmediate } from 'node:timers/promises';
import type { Answer, Request } from '../../support/simulation/bucket.js';
import { clientOf } from '../../support/simulation/client.js';
import { digestOfState, type Course } from '../../support/simulation/course.js';
import { commit, find, retire, sweep, train, type Reached, type Session } from '../../support/simulation/session.js';
import { isStoreError } from '../../../storage/errors.js';
import type { Sha256 } from '../../../workflows/contract.js';

/** Where a session is between two phases. */
export type Local =
  | { readonly phase: 'find' }
  | { readonly phase: 'commit'; readonly at: Reached | null }
  | { readonly phase: 'retire' | 'sweep'; readonly at: Reached }
  | { readonly phase: 'ended' };

export interface Node {
  readonly id: number;
  readonly name: string;
  readonly local: Local;
  /** What it has had in this phase, the newest first. */
  readonly answers: Answers | null;
}

interface Answers {
  readonly answer: Answer;
  readonly before: Answers | null;
}

export type Move =
  | { readonly kind: 'asks'; readonly request: Request; readonly requestId: number }
  /** `acknowledged`: it was told that the state is durable. */
  | { readonly kind: 'goes on'; readonly to: Node; readonly acknowledged: Reached | null }
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly reason: string };

/** Numbers for things that are equal by their key, from 0 on. */
export class Interned {
  readonly #ids = new Map<string, number>();

  id(key: string): number {
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    this.#ids.set(key, this.#ids.size);
    return this.#ids.size - 1;
  }
}

/** Two numbers as one; neither gets that far. */
export const pairOf = (a: number, b: number): number => a * 2 ** 24 + b;

export class Automaton {
  readonly #beginnings = new Map<string, Node>();
  readonly #answered = new Map<number, Node>();
  readonly #moves: (Move | undefined)[] = [];
  readonly #requests = new Interned();
  readonly #answers = new Interned();

  constructor(
    readonly course: Course,
    readonly lineage: Sha256,
  ) {}

  get size(): number {
    return this.#moves.length;
  }

  /** A new life begins by looking for where to go on from. */
  begin(name: string): Node {
    return this.#between(name, { phase: 'find' });
  }

  #between(name: string, local: Local): Node {
    const key = `${name} ${JSON.stringify(local)}`;
    const node = this.#beginnings.get(key) ?? this.#made({ name, local, answers: null });
    this.#beginnings.set(key, node);
    return node;
  }

  #made(node: Omit<Node, 'id'>): Node {
    return { ...node, id: this.#moves.push(undefined) - 1 };
  }

  answerId(answer: Answer): number {
    return this.#answers.id(answerKey(answer));
  }

  requestId(request: Request): number {
    return this.#requests.id(requestKey(request));
  }

  answered(node: Node, answer: Answer, answerId = this.answerId(answer)): Node {
    const key = pairOf(node.id, answerId);
    const known = this.#answered.get(key);
    if (known) return known;
    const made = this.#made({ ...node, answers: { answer, before: node.answers } });
    this.#answered.set(key, made);
    return made;
  }

  /** Known already: at once. */
  move(node: Node): Move | Promise<Move> {
    return this.#moves[node.id] ?? this.#play(node).then((move) => (this.#moves[node.id] = move));
  }

  async #play({ name, local, answers: had }: Node): Promise<Move> {
    if (local.phase === 'ended') return { kind: 'ended' };
    const answers: Answer[] = [];
    for (let at = had; at; at = at.before) answers.push(at.answer);
    answers.reverse();
    const asked: Request[] = [];
    const disk = new Map<string, Buffer>();
    const store = clientOf((request) => {
      const answer = answers[asked.push(request) - 1];
      return answer ? Promise.resolve(answer) : new Promise(() => undefined);
    }, disk);
    let uploads = 0;
    const session: Session = {
      ...{ store, disk, course: this.course, line: this.lineage, machine: '', name },
      nonce: () => `${name}.${uploads++}`,
      pause: () => Promise.resolve(),
    };
    let move: Move | null = null;
    const go = (to: Local, acknowledged: Reached | null = null): Move => ({
      ...{ kind: 'goes on', to: this.#between(name, to), acknowledged },
    });
    this.#phase(session, local, go).then(
      (made) => (move = made),
      (error: unknown) =>
        (move = { kind: 'failed', reason: error instanceof Error ? (error.stack ?? '') : String(error) }),
    );
    await setImmediate();
    if (move) return move;
    const request = asked[answers.length];
    if (!request) return { kind: 'failed', reason: 'it waits for nothing' };
    return { kind: 'asks', request, requestId: this.requestId(request) };
  }

  async #phase(
    session: Session,
    local: Exclude<Local, { phase: 'ended' }>,
    go: (to: Local, acknowledged?: Reached) => Move,
  ): Promise<Move> {
    const last = this.course.steps;
    if (local.phase === 'find') {
      const { at } = await find(session);
      if (at && digestOfState(at.state) !== at.ref.stateDigest) throw new Error('restored another state');
      return go(at?.ref.step === last ? { phase: 'ended' } : { phase: 'commit', at });
    }
    if (local.phase === 'commit') {
      const { kind, ref } = await commit(session, local.at);
      if (kind === 'adopted' || kind === 'rewind') return go({ phase: 'find' });
      const at = { ref, state: train(session, local.at).state };
      return go({ phase: 'retire', at }, at);
    }
    const tidy = local.phase === 'retire' ? retire : sweep;
    await tidy(session, local.at.ref).catch((error: unknown) => {
      if (!isStoreError(error)) throw error; // what could not be tidied is tidied after the next commit
    });
    if (local.phase === 'retire') return go({ phase: 'sweep', at: local.at });
    return go(local.at.ref.step === last ? { phase: 'ended' } : { phase: 'commit', at: local.at });
  }
}

function answerKey(answer: Answer): string {
  if (answer.kind === 'page') return answer.keys.map(({ key, etag }) => `${key} ${etag}`).join();
  return answer.kind === 'object' ? answer.etag : answer.kind === 'error' ? answer.error : 'done';
}

function requestKey(request: Request): string {
  if (request.kind === 'list') return `list ${request.prefix} ${request.after}`;
  if (request.kind !== 'put') return `${request.kind} ${request.key}`;
  const { condition, key, bytes } = request;
  return `put ${key} ${typeof condition === 'string' ? condition : condition.etag} ${bytes.toString('latin1')}`;
}

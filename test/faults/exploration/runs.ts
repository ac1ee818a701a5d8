/**
 * What a session does by itself in a bucket that nobody else changes: it asks, and is answered, until a request of its own changes
 * the bucket, or it ends. A chain: whoever is further along in the same bucket is on the same one.
 */
import { changes } from '../../support/simulation/bucket.js';
import { pairOf, type Node } from './automaton.js';
import type { Asked, World } from './world.js';

/** A request that changes nothing here, who asks it, and what comes next. */
export interface Stop extends Asked {
  readonly kind: 'asks';
  readonly node: Node;
  readonly answerId: number;
  readonly next: Run;
}

export type End = { readonly node: Node } & (
  | ({ readonly kind: 'changes' } & Asked)
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly reason: string }
);

export type Run = Stop | End;

/** One link of a chain that is being made; null: a phase ends here, and nothing is asked. */
interface Passed {
  readonly key: number;
  readonly stop: Omit<Stop, 'next'> | null;
}

const ENDLESS = 2_000;

export class Runs {
  readonly #known = new Map<number, Run>();

  constructor(readonly world: World) {}

  async of(bucket: number, first: Node): Promise<Run> {
    const passed: Passed[] = [];
    let node = first;
    for (;;) {
      const key = pairOf(bucket, node.id);
      const known = this.#known.get(key);
      if (known) return this.#chained(passed, known);
      const { stop, next } = await this.#ask(bucket, node);
      passed.push({ key, stop });
      if (next.kind !== 'on') return this.#chained(passed, next);
      if (passed.length > ENDLESS) return this.#chained(passed, failed(node, 'it asks for ever, and nothing changes'));
      node = next.node;
    }
  }

  async #ask(
    bucket: number,
    node: Node,
  ): Promise<{ stop: Passed['stop']; next: End | { readonly kind: 'on'; readonly node: Node } }> {
    const { automaton } = this.world;
    const known = automaton.move(node);
    const move = known instanceof Promise ? await known : known;
    if (move.kind === 'goes on') {
      const ref = move.acknowledged?.ref;
      if (!ref || this.world.holds(bucket, ref)) return { stop: null, next: { kind: 'on', node: move.to } };
      return { stop: null, next: failed(node, `checkpoint ${ref.sequence} was acknowledged, and is not there`) };
    }
    if (move.kind === 'failed') return { stop: null, next: failed(node, move.reason) };
    if (move.kind === 'ended') {
      const there = this.world.hasEnded(bucket);
      return {
        stop: null,
        next: there ? { kind: 'ended', node } : failed(node, 'it ended, and its state is not there'),
      };
    }
    const { request, requestId } = move;
    const now = this.world.applied(bucket, move);
    if (now.bucket !== bucket) return { stop: null, next: { kind: 'changes', node, request, requestId } };
    const after = automaton.answered(node, now.answer, now.answerId);
    const stop = { kind: 'asks', node, request, requestId, answerId: now.answerId } as const;
    return { stop, next: { kind: 'on', node: after } };
  }

  #chained(passed: readonly Passed[], end: Run): Run {
    let run = end;
    for (const { key, stop } of passed.toReversed()) {
      if (stop) run = { ...stop, next: run };
      this.#known.set(key, run);
    }
    return run;
  }

  /**
   * Where a session may have got to when somebody else changes the bucket. It need not have gone beyond a request that is answered
   * in the same way after the change: from before it, it gets there then.
   */
  before(run: Run, now: number): Node[] {
    const there = [run.node];
    for (let at = run; at.kind === 'asks'; at = at.next) {
      const then = this.world.applied(now, at);
      if (then.answerId !== at.answerId || then.bucket !== now) there.push(at.next.node);
    }
    return there;
  }
}

const failed = (node: Node, reason: string): End => ({ kind: 'failed', node, reason });

export function endOf(run: Run): End {
  let at = run;
  while (at.kind === 'asks') at = at.next;
  return at;
}

/** The requests of a run whose answer may be lost, or at which their maker may die: also those that happen to change nothing. */
export function writesOf(run: Run): ({ readonly node: Node } & Asked)[] {
  const writes: ({ readonly node: Node } & Asked)[] = [];
  let at = run;
  for (; at.kind === 'asks'; at = at.next) if (changes(at.request)) writes.push(at);
  if (at.kind === 'changes') writes.push(at);
  return writes;
}

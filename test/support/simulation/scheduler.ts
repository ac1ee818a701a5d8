/**
 * A world without time: whoever asks the store waits until the seeded scheduler lets one request of one of them happen. Between two
 * requests everybody runs until all wait again, so that a seed is one order of events, and one trace.
 *
 * A request may be refused, happen and its answer be lost, happen twice, or happen long after whoever made it has given it up. Whoever
 * asks may be slow, sleep through most of the run, or die in the middle of anything.
 */
import { setImmediate } from 'node:timers/promises';
import { applied, changes, type Answer, type Objects, type Request } from './bucket.js';
import { clientOf, nameOf, type Disk } from './client.js';

export interface Faults {
  /** Of the requests, the share that meets one. */
  readonly requests: number;
  /** Of the moments, the shares at which somebody dies or falls asleep. */
  readonly deaths: number;
  readonly sleeps: number;
}

interface Waiting {
  readonly actor: Actor;
  readonly request: Request | 'pause';
  readonly go: (answer: Answer) => void;
}

/** Whoever talks to the store: one life of it. */
export class Actor {
  readonly disk: Disk = new Map();
  /** How likely it is to be next, compared with others. */
  weight = 1;
  /** The scheduler's step at which it wakes. */
  asleepUntil = 0;
  state: 'alive' | 'dead' | 'ended' = 'alive';
  failure: unknown = null;

  constructor(
    readonly name: string,
    readonly mortal: boolean,
  ) {}
}

const PAGE_SIZES = [2, 3, 5, 1000] as const;
const LOST: Answer = { kind: 'error', error: 'unreachable' };
const CONFLICT: Answer = { kind: 'error', error: 'conflict' };

export class Scheduler {
  objects: Objects = new Map();
  readonly trace: string[] = [];
  steps = 0;
  /** Faults until then. */
  calm = false;
  readonly actors: Actor[] = [];
  readonly #waiting: Waiting[] = [];
  /** Requests whose makers gave up or died, and which the store has not seen yet. */
  readonly #floating: Request[] = [];
  readonly #pageSize: number;

  constructor(
    readonly random: () => number,
    readonly faults: Faults,
    /** Called after each request that changed something. */
    readonly onChange: (objects: Objects) => void,
    readonly onDeath: (actor: Actor) => void,
  ) {
    this.#pageSize = PAGE_SIZES[this.below(PAGE_SIZES.length)]!;
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  chance(share: number): boolean {
    return this.random() < share;
  }

  start(name: string, body: (actor: Actor) => Promise<void>, { mortal = true } = {}): Actor {
    const actor = new Actor(name, mortal);
    this.actors.push(actor);
    body(actor).then(
      () => this.#end(actor, null),
      (error: unknown) => this.#end(actor, error),
    );
    return actor;
  }

  #end(actor: Actor, failure: unknown): void {
    if (actor.state === 'dead') return;
    actor.state = 'ended';
    actor.failure = failure;
    this.note(
      `${actor.name} ended${failure === null ? '' : `: ${failure instanceof Error ? failure.message : String(failure)}`}`,
    );
  }

  storeOf(actor: Actor) {
    return clientOf((request) => this.#wait(actor, request), actor.disk);
  }

  pauseOf(actor: Actor): () => Promise<void> {
    return async () => void (await this.#wait(actor, 'pause'));
  }

  #wait(actor: Actor, request: Request | 'pause'): Promise<Answer> {
    return new Promise((go) => {
      if (actor.state !== 'dead') this.#waiting.push({ actor, request, go });
    });
  }

  note(what: string): void {
    this.trace.push(what);
  }

  /** Until nobody who is awake, or will wake, waits for anything. */
  async run({ limit }: { limit: number }): Promise<'quiet' | 'endless'> {
    await setImmediate();
    for (;;) {
      const item = this.#next();
      if (item === null) return 'quiet';
      if (++this.steps > limit) return 'endless';
      if (item === 'floating') this.#float();
      else if (!this.#strike(item.actor)) this.#happen(item);
      await setImmediate();
    }
  }

  /** Whose turn it is. When all sleep, the one who wakes first does. */
  #next(): Waiting | 'floating' | null {
    const total = (of: readonly Waiting[]) => of.reduce((sum, { actor }) => sum + actor.weight, 0);
    let awake = this.#waiting.filter(({ actor }) => actor.asleepUntil <= this.steps);
    if (awake.length === 0) {
      const wakes = Math.min(...this.#waiting.map(({ actor }) => actor.asleepUntil));
      if (wakes === Infinity) return null; // nobody waits, or for ever
      for (const { actor } of this.#waiting) if (actor.asleepUntil === wakes) actor.asleepUntil = 0;
      awake = this.#waiting.filter(({ actor }) => actor.asleepUntil === 0);
    }
    if (this.#floating.length > 0 && this.chance(0.02)) return 'floating';
    let at = this.random() * total(awake);
    return awake.find(({ actor }) => (at -= actor.weight) < 0) ?? awake.at(-1)!;
  }

  /** true: the actor dies now, or falls asleep. */
  #strike(actor: Actor): boolean {
    if (this.calm) return false;
    if (actor.mortal && this.chance(this.faults.deaths)) {
      this.kill(actor);
      return true;
    }
    if (!this.chance(this.faults.sleeps)) return false;
    const kind = this.below(10);
    actor.asleepUntil = kind === 0 ? Infinity : this.steps + 1 + this.below(kind < 4 ? 400 : 60);
    this.note(`${actor.name} sleeps${kind === 0 ? ' until all is over' : ''}`);
    return true;
  }

  /** Those who sleep until all is over; false when there are none. */
  wakeAll(): boolean {
    const sleepers = this.actors.filter(({ asleepUntil, state }) => state === 'alive' && asleepUntil === Infinity);
    for (const actor of sleepers) actor.asleepUntil = 0;
    return sleepers.length > 0;
  }

  kill(actor: Actor): void {
    actor.state = 'dead';
    this.note(`${actor.name} dies`);
    for (let i = this.#waiting.length - 1; i >= 0; i--) {
      const { actor: whose, request } = this.#waiting[i]!;
      if (whose !== actor) continue;
      this.#waiting.splice(i, 1);
      // On the wire already: the store will see it, sooner or later.
      if (request !== 'pause' && changes(request) && this.chance(0.5)) this.#floating.push(request);
    }
    this.onDeath(actor);
  }

  #happen(item: Waiting): void {
    const { actor, request, go } = item;
    this.#waiting.splice(this.#waiting.indexOf(item), 1);
    if (request === 'pause') return go({ kind: 'done' });
    const fate = !this.calm && this.chance(this.faults.requests) ? this.below(5) : -1;
    if (fate === 0 || fate === 1) {
      this.note(`${actor.name}: ${nameOf(request)}: ${fate === 0 ? 'refused' : 'conflict'}`);
      return go(fate === 0 ? LOST : CONFLICT);
    }
    if (fate === 2 && changes(request)) {
      this.note(`${actor.name}: ${nameOf(request)}: given up, and late`);
      this.#floating.push(request);
      return go(LOST);
    }
    const answer = this.#apply(actor.name, request);
    if (fate === 3) {
      this.note('  its answer is lost');
      return go(LOST);
    }
    if (fate === 4) return go(this.#apply(`${actor.name}, again`, request));
    return go(answer);
  }

  #apply(who: string, request: Request): Answer {
    const { objects, answer } = applied(this.objects, request, this.#pageSize);
    this.note(`${who}: ${nameOf(request)}: ${said(answer)}`);
    if (objects !== this.objects) {
      this.objects = objects;
      this.onChange(objects);
    }
    return answer;
  }

  /** Behind everybody's back. */
  change(what: string, objects: Objects): void {
    this.note(what);
    this.objects = objects;
    this.onChange(objects);
  }

  #float(): void {
    const [request] = this.#floating.splice(this.below(this.#floating.length), 1);
    if (request) this.#apply('late', request);
  }

  /** What is still on the wire arrives. */
  floatAll(): void {
    while (this.#floating.length > 0) this.#float();
  }
}

function said(answer: Answer): string {
  if (answer.kind === 'error') return answer.error;
  if (answer.kind === 'page') return `${answer.keys.length} keys${answer.more ? ' and more' : ''}`;
  return answer.kind === 'object' ? answer.etag.slice(0, 8) : 'done';
}

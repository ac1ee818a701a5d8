/**
 * One seed: a run of some steps with its sessions, successors, forks, adjustments and operators, over the real code of
 * storage/checkpoint, in an order and with faults that are a function of the seed. The rules are judged after every request.
 */
import { seededRandom } from '../../support/random.js';
import type { Objects } from '../../support/simulation/bucket.js';
import { digestOfState, hash, stateAt, type Course } from '../../support/simulation/course.js';
import { Scheduler, type Actor } from '../../support/simulation/scheduler.js';
import type { RunId } from '../../../workflows/contract.js';
import { bucketOf } from '../audit/snapshot.js';
import { cleaner, count, fork, isDivergence, operator, trainToEnd, type Cast, type Word } from './actors.js';
import { damage } from './damage.js';
import { endOf } from './ending.js';
import { Rules } from './rules.js';

export interface Simulated {
  readonly seed: number;
  readonly problems: readonly string[];
  readonly requests: number;
  readonly trace: readonly string[];
  readonly seen: ReadonlyMap<string, number>;
}

const LIVES = 5;
const ENDLESS = 20_000;
const first = hash('lineage');
const adjusted = hash('adjusted lineage');

export async function simulate(seed: number): Promise<Simulated> {
  const random = seededRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const chance = (share: number) => random() < share;
  const harmed = chance(0.2);
  const steps = 2 + below(3);
  const adjustAt = !harmed && chance(0.3) ? below(steps) : null;
  const course: Course = {
    run: 'r' as RunId,
    steps,
    keep: { last: harmed ? 2 : 1 + below(2), steps: chance(0.3) ? [below(steps)] : [] },
    strict: chance(0.7),
    shares: !harmed && chance(0.6),
  };
  const odd = chance(course.strict ? 0.05 : 0.5); // a machine that makes other bits of the same step
  const problems: string[] = [];
  const rules = new Rules(course.run, course.keep.steps, () => first);
  const rough = random();
  const faults = { requests: 0.2 * rough * random(), deaths: 0.02 * random() ** 2, sleeps: 0.03 * random() };
  let broken = false;
  const look = (objects: Objects): void => {
    const found = rules.look(bucketOf(objects));
    if (found.length > 0 && !broken) problems.push(...found);
    broken ||= found.length > 0; // what follows from a broken rule is no news
  };
  const scheduler = new Scheduler(random, faults, look, (actor) => successorOf(actor));
  const cast: Cast = { scheduler, rules, course, line: first, working: null, problems, seen: new Map() };

  let lives = 0;
  // A session that the workflow has left gets nothing more to do: of those only what was trained already can come. Where nobody adjusts
  // it makes no difference, and all go on as long as they live.
  const word: Word = (session, at) => {
    const { step } = at;
    if (adjustAt !== null && (scheduler.calm || session !== cast.working)) return 'left';
    rules.confirm(at);
    if (adjustAt === null) return 'go on';
    if (step < adjustAt || cast.line !== first || chance(0.5)) return 'go on'; // or: it is not asked yet
    cast.line = [
      { afterStep: -1, lineage: first },
      { afterStep: step, lineage: adjusted },
    ];
    rules.lineageAt = (of) => (of > step ? adjusted : first);
    count(cast, 'adjusted');
    return 'adjusted';
  };
  const worker = (): Actor => {
    const life = ++lives;
    const actor = scheduler.start(`w${life}`, (me) => trainToEnd(cast, me, odd && life % 2 === 0 ? 'odd' : '', word), {
      mortal: life < LIVES,
    });
    actor.weight = [1, 1, 0.1, 4][below(4)]!;
    return actor;
  };
  const successorOf = (dead: Actor): void => {
    if (!dead.name.startsWith('w') || lives >= LIVES) return;
    worker().asleepUntil = scheduler.steps + below(60);
  };

  worker();
  for (let more = below(3); more > 0; more--) worker().asleepUntil = below(150);
  for (let forks = below(3); forks > 0; forks--)
    scheduler.start(`f${forks}`, (me) => fork(cast, me, `fork-${forks}`)).asleepUntil = 1 + below(250);
  if (chance(0.4)) scheduler.start('gc', (me) => operator(cast, me, false)).asleepUntil = 1 + below(250);
  if (chance(0.2)) scheduler.start('cancel', (me) => cleaner(cast, me)).asleepUntil = 1 + below(200);
  if (harmed) scheduler.start('harm', (me) => damage(cast, me)).asleepUntil = 1 + below(200);
  // Some sleep until everything is over.
  if (lives > 1 && chance(0.15)) scheduler.actors[0]!.weight = 0.02;

  await endOf(cast, { limit: ENDLESS, expected: () => (odd ? null : digestOfState(stateAt(steps, cast.line))) });
  for (const { name, failure } of scheduler.actors) {
    if (failure === null) continue;
    if (isDivergence(failure) && odd && course.strict) count(cast, 'diverged');
    else
      problems.push(
        `${name} failed: ${failure instanceof Error ? (failure.stack ?? failure.message) : String(failure)}`,
      );
  }
  return { seed, problems, requests: scheduler.steps, trace: scheduler.trace, seen: cast.seen };
}

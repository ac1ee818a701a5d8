/** Who takes part in a simulated run: sessions that train, forks that pin, an operator who collects garbage. */
import { join } from 'node:path';
import { collectGarbage } from '../../../storage/checkpoint/garbage.js';
import type { Line } from '../../../storage/checkpoint/line.js';
import { listCheckpoints } from '../../../storage/checkpoint/list.js';
import { deleteUncommitted } from '../../../storage/checkpoint/orphans.js';
import { pinCheckpoint, unpin } from '../../../storage/checkpoint/pins.js';
import { fetchCheckpoint } from '../../../storage/checkpoint/restore.js';
import { Diverged, isStoreError } from '../../../storage/errors.js';
import { untilReachable } from '../../../storage/until-reachable.js';
import type { CheckpointRef } from '../../../workflows/contract.js';
import { NO_FOLDER } from '../../support/simulation/client.js';
import { digestOfState, stateOf, type Course, type State } from '../../support/simulation/course.js';
import type { Actor, Scheduler } from '../../support/simulation/scheduler.js';
import { commit, find, retire, sweep, train, type Reached, type Session } from '../../support/simulation/session.js';
import type { Rules } from './rules.js';

export interface Cast {
  readonly scheduler: Scheduler;
  readonly rules: Rules;
  readonly course: Course;
  /** The line in force: what a session that begins now is told. */
  line: Line;
  /** The session that the workflow has opened last. */
  working: Session | null;
  readonly problems: string[];
  /** How often what happened. */
  readonly seen: Map<string, number>;
}

export const count = ({ seen }: Cast, what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);

const report = (cast: Cast, problems: readonly string[]): void => void cast.problems.push(...problems);

/** What the workflow has to say to a session that has reached this step; `adjusted`: go on as one that knows of an adjustment. */
export type Word = (session: Session, at: CheckpointRef) => 'go on' | 'adjusted' | 'left';

/** Sessions, one after the other, until the last step is committed. */
export async function trainToEnd(cast: Cast, actor: Actor, machine: string, word: Word = () => 'go on'): Promise<void> {
  let uploads = 0;
  for (;;) {
    await cast.scheduler.pauseOf(actor)();
    const session: Session = {
      ...{ store: cast.scheduler.storeOf(actor), disk: actor.disk, course: cast.course, line: cast.line, machine },
      ...{ name: actor.name, nonce: () => `${actor.name}.${uploads++}`, pause: cast.scheduler.pauseOf(actor) },
      settled: new Map(),
    };
    cast.working = session;
    if ((await oneSession(cast, session, word)) === 'ended') return;
    count(cast, 'session over');
  }
}

async function oneSession(cast: Cast, session: Session, word: Word): Promise<'ended' | 'over'> {
  const { found, at: restored } = await find(session);
  if (found.damaged.length > 0) count(cast, 'fell back from damage');
  let at = restored;
  if (at && digestOfState(at.state) !== at.ref.stateDigest)
    report(cast, [`${session.name} restored another state than checkpoint ${at.ref.sequence} names`]);
  const { steps } = session.course;
  for (let drained = false; ;) {
    const said = at === null ? 'go on' : word(session, at.ref);
    if (said === 'left' || at?.ref.step === steps) return 'ended';
    if (said === 'adjusted' || drained) return 'over';
    const parent: CheckpointRef | null = at?.ref ?? null;
    at = await committed(cast, session, at, parent);
    if (at === null) return 'over';
    // Shut down while it uploads, a worker commits by itself what it has trained meanwhile, and has heard nothing since.
    drained = at.ref.step < steps && cast.scheduler.chance(0.1);
    if (drained) at = await committed(cast, session, at, parent);
    if (at === null) return 'over';
    if (drained) count(cast, 'drained');
  }
}

/** The next state, durable and tidied up after; null: somebody else's is gone on from. */
async function committed(cast: Cast, session: Session, at: Reached | null, parent: CheckpointRef | null) {
  const { kind, ref } = await commit(session, at, parent);
  count(cast, kind);
  if (kind === 'adopted' || kind === 'rewind') return null;
  report(cast, cast.rules.acknowledge(ref));
  await tidied(cast, session, ref);
  return { ref, state: train(session, at).state };
}

/** What could not be tidied is tidied after the next commit. */
async function tidied(cast: Cast, session: Session, ref: CheckpointRef): Promise<void> {
  try {
    const { retired, skipped } = await retire(session, ref);
    if (retired.length > 0) count(cast, 'retired');
    if (skipped !== null) count(cast, 'retired nothing: the newest does not stand');
    if ((await sweep(session, ref)).deletedObjects > 0) count(cast, 'orphans deleted');
  } catch (error) {
    if (!isStoreError(error)) throw error;
    count(cast, 'not tidied');
  }
}

/** Pins what it finds, needs it for a while, and lets go. */
export async function fork(cast: Cast, actor: Actor, name: string): Promise<void> {
  const store = cast.scheduler.storeOf(actor);
  const pause = cast.scheduler.pauseOf(actor);
  const patiently = <T>(action: () => Promise<T>) => untilReachable(action, { pause });
  const { run } = cast.course;
  const living = (await patiently(() => listCheckpoints(store, run))).filter((each) => each.kind === 'living');
  const chosen = living[cast.scheduler.below(living.length)];
  if (chosen?.kind !== 'living') return;
  const { sequence, step, epoch, cursor, lineage, stateDigest } = chosen;
  const ref: CheckpointRef = { kind: 'checkpoint', run, sequence, step, epoch, cursor, lineage, stateDigest };
  try {
    await patiently(() => pinCheckpoint(store, ref, { name, neededBy: name }));
  } catch (error) {
    if (!isStoreError(error, 'missing')) throw error;
    return count(cast, 'pin refused');
  }
  // A manifest whose upload was taken away is no checkpoint yet, and will be voided: who pins it has pinned nothing.
  const stands = cast.rules.snapshot?.committed.includes(sequence) ?? false;
  if (stands) cast.rules.grantPin(name, ref);
  count(cast, 'pinned');
  for (let waits = cast.scheduler.below(40); waits > 0; waits--) await pause();
  try {
    const { files } = await patiently(() => fetchCheckpoint(store, ref, join(NO_FOLDER, name)));
    const state: State = stateOf(actor.disk, files);
    if (digestOfState(state) !== stateDigest) report(cast, [`${name} was given another state than it pinned`]);
    count(cast, 'forked');
  } catch (error) {
    if (stands && cast.rules.damaged === null)
      report(cast, [`${name} could not read what it had pinned: ${String(error)}`]);
  }
  cast.rules.dropPin(name);
  await patiently(() => unpin(store, run, name));
}

/** `temper checkpoints gc`, at any moment of the run. */
export async function operator(cast: Cast, actor: Actor, ended: boolean): Promise<void> {
  const store = cast.scheduler.storeOf(actor);
  const { run, keep, steps } = cast.course;
  const collect = { run, ended, keepSteps: [...keep.steps, steps] }; // the last one is in the result
  const { deletedObjects } = await untilReachable(() => collectGarbage(store, collect), {
    pause: cast.scheduler.pauseOf(actor),
  });
  if (deletedObjects > 0) count(cast, 'garbage collected');
}

/** What `temper cancel` leaves to be done: every upload that is under way is taken away from whoever makes it. */
export async function cleaner(cast: Cast, actor: Actor): Promise<void> {
  const store = cast.scheduler.storeOf(actor);
  const { deletedObjects } = await untilReachable(() => deleteUncommitted(store, cast.course.run), {
    pause: cast.scheduler.pauseOf(actor),
  });
  if (deletedObjects > 0) count(cast, 'uploads taken away');
}

export const isDivergence = (error: unknown): boolean => error instanceof Diverged;

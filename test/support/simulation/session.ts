/** What a worker does with the store, phase by phase: the product's code, with training left out (activities/session). */
import { join } from 'node:path';
import { commitCheckpoint, type CommitResult } from '../../../storage/checkpoint/commit.js';
import { lineageAt, type Line } from '../../../storage/checkpoint/line.js';
import { collectOrphans } from '../../../storage/checkpoint/orphans.js';
import { findNewestCheckpoint, type FoundNewest } from '../../../storage/checkpoint/restore.js';
import { retireCheckpoints, type SettledTombstones } from '../../../storage/checkpoint/retention.js';
import type { ObjectStore } from '../../../storage/object-store.js';
import { untilReachable } from '../../../storage/until-reachable.js';
import type { CheckpointRef } from '../../../workflows/contract.js';
import { NO_FOLDER, type Disk } from './client.js';
import { digestOfState, nextState, snapshot, START, stateOf, type Course, type State } from './course.js';

export interface Session {
  readonly store: ObjectStore;
  readonly disk: Disk;
  readonly course: Course;
  readonly line: Line;
  /** Makes bits of its own where the course allows it. */
  readonly machine: string;
  readonly name: string;
  readonly nonce: () => string;
  readonly pause: () => Promise<void>;
  readonly settled?: SettledTombstones | undefined;
}

export interface Reached {
  readonly ref: CheckpointRef;
  readonly state: State;
}

const folderOf = ({ name }: Session): string => join(NO_FOLDER, name);

/** Where to go on from; null: from the start. */
export async function find(session: Session): Promise<{ at: Reached | null; found: FoundNewest }> {
  const { store, course, line, pause, disk } = session;
  const wanted = { run: course.run, lineage: line, cacheFolder: folderOf(session) };
  const found = await untilReachable(() => findNewestCheckpoint(store, wanted), { pause });
  return { found, at: found.kind === 'found' ? { ref: found.ref, state: stateOf(disk, found.files) } : null };
}

/** The next step's state, from where the session is. */
export const train = ({ line, machine }: Session, at: Reached | null): { step: number; state: State } =>
  at === null ? { step: 0, state: START } : after(at, line, machine);

const after = ({ ref, state }: Reached, line: Line, machine: string) => {
  const step = ref.step + 1;
  return { step, state: nextState(state, step, line, machine) };
};

/** `parent`: what the workflow stood at when it had the state trained; an upload may have come between. */
export function commit(session: Session, at: Reached | null, parent = at?.ref ?? null): Promise<CommitResult> {
  const { store, disk, course, line, name, nonce, pause } = session;
  const { step, state } = train(session, at);
  const lineage = lineageAt(line, step);
  if (lineage === undefined) throw new Error(`no lineage at step ${step}`);
  return commitCheckpoint(store, {
    run: course.run,
    parent,
    position: { step, epoch: 0, cursor: step },
    lineage,
    line,
    stateDigest: digestOfState(state),
    shards: snapshot(disk, folderOf(session), course, state),
    base: [],
    observations: [],
    createdBy: { fingerprint: 'simulated', session: name },
    strict: course.strict,
    nonce,
    pause,
  });
}

export const retire = ({ store, course, line, settled }: Session, newest: CheckpointRef) =>
  retireCheckpoints(store, { run: course.run, lineage: line, keep: course.keep, newest, settled });

export const sweep = ({ store }: Session, newest: CheckpointRef) => collectOrphans(store, { newest });

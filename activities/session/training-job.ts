/**
 * A training job: a segment that an engine trains, up to a snapshot on this host's disk. In the middle of an epoch the engine goes
 * on with what the workflow will ask next, all else being as it was: the state is read out in a fraction of a second, and
 * while it is hashed and written, and the workflow decides, the next steps are done.
 *
 * Going on is a guess that costs little when it is wrong: the next segment is attached to by its key, and whatever else the
 * workflow wants ends it and begins from the snapshot.
 */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { lineageAt } from '../../storage/checkpoint/line.js';
import type { CommitContext, Position, Sha256, Suspect, TrainedSegment, TrainUntil } from '../../workflows/contract.js';
import { nextChange, pace } from '../../workflows/policies/adjustments.js';
import { nextBoundary } from '../../workflows/policies/boundaries.js';
import type { EngineDesk, SessionDesk, TrainingJob } from '../dependencies.js';
import { engineOf } from './ask-engine.js';
import { adjustedRates, jobAfter, lineOf } from './in-force.js';
import type { StateInput } from './state-input.js';

export interface Segment extends StateInput {
  readonly until: TrainUntil;
  readonly commit: CommitContext;
  readonly suspect?: Suspect;
}

export type Trained = TrainedSegment & { kind: 'trained' };

/** Names a segment by all that its states are a function of, and by where an adjustment ends it, if its epoch does not before. */
export function keyOf({ context }: StateInput, at: Position, stateDigest: Sha256): string {
  const { lineage, adjustments = [] } = context;
  const key = `${lineageAt(lineOf(context), at.step + 1) ?? lineage}/${stateDigest}`;
  const change = nextChange(adjustments, at.step);
  return change < pace(jobAfter(context, at), at, context.dataset).epochEnd ? `${key}/${change}` : key;
}

/** Begins to train from the state that the engine holds, the one at `from`. */
export function beginTraining(session: SessionDesk, segment: Segment, from: Position, key: string | null): TrainingJob {
  const folder = join(session.workFolder, 'snapshots', `${from.step}-${randomUUID()}`);
  const job: TrainingJob = {
    key,
    result: train(session, { segment, from, folder, isAskedFor: () => session.desk.training === job }),
  };
  job.result.catch(() => undefined); // whoever attaches to it hears of it
  return job;
}

/** Ends what an activity asked the engine for, after its current step: another wants something else. */
export async function endTraining(desk: EngineDesk): Promise<void> {
  if (!desk.training) return;
  desk.engine.interrupt();
  await desk.training.result.catch(() => undefined);
  desk.training = null;
}

/** Ends what nobody asked for, and removes what it leaves. */
export async function endAhead(desk: EngineDesk): Promise<void> {
  const beyond = await haltAhead(desk);
  if (beyond) await dropSnapshot(desk, beyond.reached.folder);
}

/** Ends what nobody asked for after its current step: how far it came, or null. */
export async function haltAhead(desk: EngineDesk): Promise<Trained | null> {
  const { ahead } = desk;
  desk.ahead = null;
  if (!ahead) return null;
  desk.engine.interrupt();
  return ahead.result.catch(() => null);
}

/** A snapshot that is on S3, or that nobody will ask for, makes room on the disk. */
export async function dropSnapshot(desk: EngineDesk, folder: string): Promise<void> {
  desk.snapshots.delete(folder);
  await rm(folder, { recursive: true, force: true });
}

interface Training {
  readonly segment: Segment;
  readonly from: Position;
  /** Where the snapshot is written. */
  readonly folder: string;
  /** Whether an activity has asked for it by now: it may be a guess. */
  readonly isAskedFor: () => boolean;
}

async function train(session: SessionDesk, training: Training): Promise<Trained> {
  try {
    return await trainToSnapshot(session, training);
  } catch (error) {
    await rm(training.folder, { recursive: true, force: true }); // what was written of it
    throw error;
  }
}

async function trainToSnapshot(session: SessionDesk, training: Training): Promise<Trained> {
  const { segment, from, folder, isAskedFor } = training;
  const { desk, host } = session;
  const { context, until, commit, suspect } = segment;
  const adjusted = adjustedRates(context, from);
  const answer = engineOf(session).trainAhead({
    ...{ until, observations: commit.observations, folder },
    ...(adjusted && { adjusted }),
    ...(suspect && { suspect: suspect.step }),
  });
  desk.holds = null; // until it is known again by its digest
  const { reason, stats, reached, saved } = await answer;
  const wanted = desk.owner === host.session && !session.draining && !session.interruptRequested;
  // One ahead, and not while a snapshot waits for its upload: there is room for two.
  const mayGoOn = reason !== 'interrupted' && !suspect && wanted && isAskedFor() && desk.snapshots.size === 0;
  const next = mayGoOn ? nextUntil(segment, reached) : null;
  const ahead = next && beginTraining(session, { ...segment, until: next }, reached, null);
  if (ahead) desk.ahead = ahead;
  const state = await saved;
  if (ahead) ahead.key = keyOf(segment, reached, state.stateDigest);
  else desk.holds = state.stateDigest;
  desk.snapshots.set(folder, state);
  return {
    kind: 'trained',
    reason,
    stats,
    reached: {
      kind: 'snapshot',
      session: host.session,
      folder,
      bytes: state.shards.reduce((sum, { bytes }) => sum + bytes, 0),
      lineage: lineageAt(lineOf(context), reached.step) ?? context.lineage,
      stateDigest: state.stateDigest,
      ...{ step: reached.step, epoch: reached.epoch, cursor: reached.cursor },
    },
  };
}

/** What the workflow will ask for if nothing has changed; null at the end of an epoch, where it validates. */
function nextUntil({ context }: Segment, reached: Position): TrainUntil | null {
  if (reached.cursor === 0) return null;
  const job = jobAfter(context, reached);
  const { stepsPerEpoch } = pace(job, reached, context.dataset);
  return nextBoundary(job, reached, stepsPerEpoch, nextChange(context.adjustments ?? [], reached.step));
}

import { EngineDied } from '../../engine/failure.js';
import type { SegmentStats, SessionActivities, StateRef, TrainedSegment } from '../../workflows/contract.js';
import { asActivity, sessionClosed } from '../as-activity.js';
import type { EngineDesk, SessionDesk, TrainingJob } from '../dependencies.js';
import { commitState } from './commit.js';
import { ensureState } from './engine-state.js';
import { adjustedRates, asTrained } from './in-force.js';
import { poisoned } from './poison.js';
import {
  beginTraining,
  dropSnapshot,
  endTraining,
  haltAhead,
  keyOf,
  type Segment,
  type Trained,
} from './training-job.js';

type TrainInput = Segment & { from: StateRef };

/**
 * Trains from a state to the next boundary and leaves a snapshot on this host's disk. A worker that is shutting down
 * commits the newest snapshot itself, so that no finished step is lost.
 */
export const trainEpoch =
  (session: SessionDesk): SessionActivities['trainEpoch'] =>
  (input) =>
    asActivity<TrainedSegment>(
      async (signal) => {
        const { desk } = session;
        const key = keyOf(input, input.from, input.from.stateDigest);
        if (desk.ahead?.key === key) {
          desk.training = desk.ahead;
          desk.ahead = null;
        }
        // An engine whose server was away has gone on with this very job: attach to it.
        if (desk.training?.key !== key) {
          await endTraining(desk);
          const context = asTrained(input.context, input.from);
          await ensureState(session, { ...input, context }, input.from, signal);
          if (session.draining) return { kind: 'not-started', because: 'draining' };
          if (session.interruptRequested) {
            session.interruptRequested = false;
            return { kind: 'not-started', because: 'interrupted' };
          }
          desk.training = beginTraining(session, input, input.from, key);
        }
        const job = desk.training;
        const asked = await job.result.catch((error: unknown) => {
          if (desk.training === job) desk.training = null;
          return fatal(session, input, error, signal);
        });
        // Whoever wants it to stop gets all the steps that are done.
        const trained = session.draining || session.interruptRequested ? await asFarAsItCame(desk, job, asked) : asked;
        session.interruptRequested = false;
        if (trained.stats.steps === 0) desk.training = null; // its key is this state's own: it must not be attached to again
        const reached = { ...trained.reached, session: session.host.session };
        if (!session.draining) return { ...trained, reached };
        return commitNewest(session, input, trained, signal);
      },
      () => session.desk.progress,
    );

/** The suspected step has ended its engine again: the run is over. Any other failure is as it was. */
async function fatal(
  session: SessionDesk,
  { context: whole, plan, from, suspect, commit }: TrainInput,
  error: unknown,
  signal: AbortSignal,
): Promise<never> {
  if (!suspect || !(error instanceof EngineDied) || error.during?.step !== suspect.step) throw error;
  const { parent: checkpoint, observations } = commit;
  const context = asTrained(whole, from);
  const step = { context, plan, suspect, checkpoint, observations, adjusted: adjustedRates(whole, from) };
  throw await poisoned(session, step, error, signal);
}

/** A segment with what the engine went on to do after it, which ends now. */
async function asFarAsItCame(desk: EngineDesk, job: TrainingJob, asked: Trained): Promise<Trained> {
  const beyond = await haltAhead(desk);
  if (!beyond) return asked;
  const whole = { ...beyond, stats: together(asked.stats, beyond.stats) };
  desk.training = { key: job.key, result: Promise.resolve(whole) };
  await dropSnapshot(desk, asked.reached.folder);
  return whole;
}

/**
 * Commits what a worker that shuts down has of a run. The snapshot before it first, if its upload has not begun: commits come in the
 * order of their steps, and that upload is answered with it.
 */
async function commitNewest(
  session: SessionDesk,
  { context, from, commit }: TrainInput,
  { reached: { step, folder }, stats }: Trained,
  signal: AbortSignal,
): Promise<TrainedSegment> {
  const { desk } = session;
  await desk.uploading;
  const before = from.kind === 'snapshot' && desk.snapshots.get(from.folder);
  if (before) {
    const ref = await commitState(session, context, before, commit, signal);
    desk.uploaded = { folder: from.folder, ref };
    await dropSnapshot(desk, from.folder);
  }
  const state = desk.snapshots.get(folder);
  if (!state) throw sessionClosed(`the snapshot of step ${step} is not on this host any more`);
  const parent = (before && desk.uploaded?.ref) || commit.parent;
  const ref = await commitState(session, context, state, { ...commit, parent }, signal);
  await dropSnapshot(desk, folder);
  return { kind: 'preempted', ref, stats };
}

/** Of two segments, one after the other. */
function together(a: SegmentStats, b: SegmentStats): SegmentStats {
  const steps = a.steps + b.steps;
  return {
    steps,
    examples: a.examples + b.examples,
    trainSeconds: a.trainSeconds + b.trainSeconds,
    waitSeconds: (a.waitSeconds ?? 0) + (b.waitSeconds ?? 0),
    meanLoss: steps === 0 ? 0 : (a.meanLoss * a.steps + b.meanLoss * b.steps) / steps,
  };
}

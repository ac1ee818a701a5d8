import { EngineDied } from '../../engine/failure.js';
import type { SegmentStats, SessionActivities, StateRef, TrainedSegment } from '../../workflows/contract.js';
import { asActivity, sessionClosed } from '../as-activity.js';
import type { SessionDesk } from '../dependencies.js';
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
        const key = keyOf(input, input.from.step, input.from.stateDigest);
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
          desk.training = beginTraining(session, input, input.from.step, key);
        }
        const job = desk.training;
        const trained = await job.result.catch((error: unknown) => {
          if (desk.training === job) desk.training = null;
          return fatal(session, input, error, signal);
        });
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

/** What a worker that shuts down has of a run: this segment, or where the engine went on to. */
async function commitNewest(
  session: SessionDesk,
  { context, commit }: TrainInput,
  trained: Trained,
  signal: AbortSignal,
): Promise<TrainedSegment> {
  const { desk } = session;
  const beyond = await haltAhead(desk);
  const { step, folder } = (beyond ?? trained).reached;
  const state = desk.snapshots.get(folder);
  if (!state) throw sessionClosed(`the snapshot of step ${step} is not on this host any more`);
  await desk.uploading;
  const ref = await commitState(session, context, state, commit, signal);
  await dropSnapshot(desk, folder);
  if (beyond) await dropSnapshot(desk, trained.reached.folder);
  return { kind: 'preempted', ref, stats: beyond ? together(trained.stats, beyond.stats) : trained.stats };
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

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type {
  SessionActivities,
  TrainedSegment,
  TrainUntil,
  CommitContext,
  StateRef,
  Suspect,
} from '../../workflows/contract.js';
import { EngineDied } from '../../engine/failure.js';
import { lineageAt } from '../../storage/checkpoint/line.js';
import { nextChange } from '../../workflows/policies/adjustments.js';
import { asActivity, sessionClosed } from '../as-activity.js';
import type { EngineDesk, SessionDesk } from '../dependencies.js';
import { askEngine } from './ask-engine.js';
import { commitState, dropSnapshot } from './commit.js';
import { ensureState, type StateInput } from './engine-state.js';
import { adjustedRates, asTrained, lineOf } from './in-force.js';
import { poisoned } from './poison.js';

type TrainInput = StateInput & { from: StateRef; until: TrainUntil; commit: CommitContext; suspect?: Suspect };
type Trained = TrainedSegment & { kind: 'trained' };

/**
 * Trains from a state to the next boundary and leaves a snapshot on this host's disk. A worker that is shutting down
 * commits the snapshot itself, so that no finished step is lost.
 */
export const trainEpoch =
  (session: SessionDesk): SessionActivities['trainEpoch'] =>
  (input) =>
    asActivity<TrainedSegment>(
      async (signal) => {
        const { desk } = session;
        const key = keyOf(input);
        // An engine whose server was away has gone on with this very job: attach to it.
        if (desk.training?.key !== key) {
          await endOther(desk);
          const context = asTrained(input.context, input.from);
          await ensureState(session, { ...input, context }, input.from, signal);
          if (session.draining) return { kind: 'not-started', because: 'draining' };
          if (session.interruptRequested) {
            session.interruptRequested = false;
            return { kind: 'not-started', because: 'interrupted' };
          }
          desk.training = { key, result: train(session, input) };
          desk.training.result.catch(() => (desk.training = null));
        }
        const trained = {
          ...(await desk.training.result.catch((error: unknown) => fatal(session, input, error, signal))),
        };
        session.interruptRequested = false;
        if (trained.stats.steps === 0) desk.training = null; // its key is this state's own: it must not be attached to again
        const reached = { ...trained.reached, session: session.host.session };
        if (!session.draining) return { ...trained, reached };
        const state = desk.snapshots.get(reached.folder);
        if (!state) throw sessionClosed(`the snapshot of step ${reached.step} is not on this host any more`);
        await desk.uploading;
        const ref = await commitState(session, input.context, state, input.commit, signal);
        await dropSnapshot(session, reached.folder);
        return { kind: 'preempted', ref, stats: trained.stats };
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

/** Names a segment by all that its states are a function of, and by where an adjustment ends it. */
function keyOf({ context, from }: TrainInput): string {
  const { lineage, adjustments = [] } = context;
  const key = `${lineageAt(lineOf(context), from.step + 1) ?? lineage}/${from.stateDigest}`;
  return adjustments.length === 0 ? key : `${key}/${nextChange(adjustments, from.step)}`;
}

/** A kept engine may still be at a job that nobody wants any more: it ends after its current step. */
async function endOther({ engine, training }: EngineDesk): Promise<void> {
  if (!training) return;
  engine.interrupt();
  await training.result.catch(() => undefined);
}

async function train(session: SessionDesk, { context, from, until, commit, suspect }: TrainInput): Promise<Trained> {
  const { desk, workFolder, host } = session;
  const folder = join(workFolder, 'snapshots', `${from.step}-${randomUUID()}`);
  const adjusted = adjustedRates(context, from);
  const training = askEngine(session, 'train', {
    ...{ until, observations: commit.observations, folder },
    ...(adjusted && { adjusted }),
    ...(suspect && { suspect: suspect.step }),
  });
  desk.holds = null; // until it is known again by its digest
  const { reason, stats, state } = await training;
  desk.holds = state.stateDigest;
  desk.snapshots.set(folder, state);
  const { step, epoch, cursor } = state.position;
  return {
    kind: 'trained',
    reason,
    stats,
    reached: {
      kind: 'snapshot',
      session: host.session,
      folder,
      bytes: state.shards.reduce((sum, { bytes }) => sum + bytes, 0),
      lineage: lineageAt(lineOf(context), step) ?? context.lineage,
      stateDigest: state.stateDigest,
      step,
      epoch,
      cursor,
    },
  };
}

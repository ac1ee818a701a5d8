import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type {
  SessionActivities,
  TrainedSegment,
  TrainUntil,
  CommitContext,
  StateRef,
} from '../../workflows/contract.js';
import { asActivity } from '../as-activity.js';
import type { SessionDesk } from '../dependencies.js';
import { commitState, dropSnapshot } from './commit.js';
import { ensureState, type StateInput } from './engine-state.js';

type TrainInput = StateInput & { from: StateRef; until: TrainUntil; commit: CommitContext };
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
        const key = `${input.context.lineage}/${input.from.stateDigest}`;
        // An engine whose server was away has gone on with this very job: attach to it.
        if (desk.training?.key !== key) {
          await ensureState(session, input, input.from, signal);
          if (session.draining || session.interruptRequested) return { kind: 'not-started' };
          desk.training = { key, result: train(session, input) };
          desk.training.result.catch(() => (desk.training = null));
        }
        const trained = { ...(await desk.training.result) };
        const reached = { ...trained.reached, session: session.host.session };
        if (!session.draining) return { ...trained, reached };
        const state = desk.snapshots.get(reached.folder)!;
        const ref = await commitState(session, input.context, state, input.commit, signal);
        await dropSnapshot(session, reached.folder);
        return { kind: 'preempted', ref, stats: trained.stats };
      },
      () => session.desk.progress,
    );

async function train(session: SessionDesk, { context, from, until }: TrainInput): Promise<Trained> {
  const { desk, workFolder, host } = session;
  const folder = join(workFolder, 'snapshots', `${from.step}-${randomUUID()}`);
  desk.holds = null; // until it is known again by its digest
  const { reason, stats, state } = await desk.engine.request('train', { until, folder });
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
      lineage: context.lineage,
      stateDigest: state.stateDigest,
      step,
      epoch,
      cursor,
    },
  };
}

import type { SessionActivities } from '../../workflows/contract.js';
import { asActivity, sessionClosed } from '../as-activity.js';
import type { SessionDesk } from '../dependencies.js';
import { commitState, dropSnapshot } from './commit.js';

/** Commits a snapshot to S3 while the engine trains on. Safe to repeat; waits for a store that is away. */
export const uploadCheckpoint =
  (session: SessionDesk): SessionActivities['uploadCheckpoint'] =>
  ({ context, snapshot, commit }) =>
    asActivity(async (signal) => {
      const state = session.desk.snapshots.get(snapshot.folder);
      if (!state) throw sessionClosed(`the snapshot of step ${snapshot.step} is not on this host any more`);
      const committing = commitState(session, context, state, commit, signal);
      session.desk.uploading = committing.catch(() => undefined);
      const ref = await committing;
      await dropSnapshot(session, snapshot.folder);
      return ref;
    });

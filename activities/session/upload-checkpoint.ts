import type { SessionActivities } from '../../workflows/contract.js';
import { asActivity, sessionClosed } from '../as-activity.js';
import type { SessionDesk } from '../dependencies.js';
import { commitState } from './commit.js';
import { dropSnapshot } from './training-job.js';

/**
 * Commits a snapshot to S3 while the engine trains on; waits for a store that is away. Safe to repeat: when the answer was lost
 * (the server was away), the same is answered again.
 */
export const uploadCheckpoint =
  (session: SessionDesk): SessionActivities['uploadCheckpoint'] =>
  ({ context, snapshot, commit }) =>
    asActivity(async (signal) => {
      const { uploaded } = session.desk;
      if (uploaded?.folder === snapshot.folder) return uploaded.ref;
      const state = session.desk.snapshots.get(snapshot.folder);
      if (!state) throw sessionClosed(`the snapshot of step ${snapshot.step} is not on this host any more`);
      const committing = commitState(session, context, state, commit, signal);
      session.desk.uploading = committing.catch(() => undefined);
      const ref = await committing;
      session.desk.uploaded = { folder: snapshot.folder, ref };
      const { desk } = session;
      for (let reading; reading !== desk.restoring;) await (reading = desk.restoring); // it may be what is read
      await dropSnapshot(desk, snapshot.folder);
      return ref;
    });

import type { SessionActivities } from '../../workflows/contract.js';
import { asActivity } from '../as-activity.js';
import type { SessionDesk } from '../dependencies.js';
import { ensureState } from './engine-state.js';
import { findFeatures, makeFeatures } from './features.js';

/**
 * Runs the frozen base over every example and stores what it makes of them (features.ts). A shard that is on S3 already is not
 * computed again: of another run, or of this one before something died.
 */
export const computeFeatures =
  (session: SessionDesk): SessionActivities['computeFeatures'] =>
  (input) =>
    asActivity(
      async (signal) => {
        const known = await findFeatures(session, input, signal);
        if (known) return known;
        const made = await makeFeatures(
          session,
          input,
          (whole, signal) => ensureState(session, whole, whole.at, signal),
          {
            signal,
          },
        );
        session.interruptRequested = false;
        return made && made.ref;
      },
      () => session.desk.progress,
    );

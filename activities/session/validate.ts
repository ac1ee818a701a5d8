import type { SessionActivities } from '../../workflows/contract.js';
import { asActivity } from '../as-activity.js';
import type { SessionDesk } from '../dependencies.js';
import { askEngine } from './ask-engine.js';
import { ensureState } from './engine-state.js';
import { asMade } from './in-force.js';

/** Metrics of a state on the validation split. */
export const validate =
  (session: SessionDesk): SessionActivities['validate'] =>
  ({ context, plan, at }) =>
    asActivity(
      async (signal) => {
        await ensureState(session, { context: asMade(context, at), plan }, at, signal);
        const { metrics } = await askEngine(session, 'evaluate', { split: 'validation' });
        return metrics;
      },
      () => session.desk.progress,
    );

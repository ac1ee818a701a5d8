import { putContent } from '../../storage/content.js';
import { reportKey } from '../../storage/layout.js';
import { untilReachable } from '../../storage/until-reachable.js';
import type { SessionActivities } from '../../workflows/contract.js';
import { asActivity } from '../as-activity.js';
import type { SessionDesk } from '../dependencies.js';
import { askEngine } from './ask-engine.js';
import { ensureState } from './engine-state.js';
import { asMade } from './in-force.js';

const REPORT = 'evaluation.json';

/** The chosen checkpoint on the test split, which nothing else reads; the report has confusions and worst examples. */
export const evaluate =
  (session: SessionDesk): SessionActivities['evaluate'] =>
  ({ context, plan, at }) =>
    asActivity(
      async (signal) => {
        await ensureState(session, { context: asMade(context, at), plan }, at, signal);
        const details = await askEngine(session, 'evaluate', { split: 'test' });
        const report = { format: 'temper-evaluation/1', run: context.run, checkpoint: at, ...details };
        const bytes = new TextEncoder().encode(`${JSON.stringify(report, null, 1)}\n`);
        const put = () => putContent(session.store, reportKey(context.run, REPORT), bytes, { signal, name: REPORT });
        return { metrics: details.metrics, report: await untilReachable(put, { signal }) };
      },
      () => session.desk.progress,
    );

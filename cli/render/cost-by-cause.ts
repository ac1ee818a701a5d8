import type { ResumeReason, SessionsCost } from '../../workflows/contract.js';
import { costsByReason, type KeptSessions } from '../../workflows/policies/session-sums.js';
import { causeOf } from './sessions.js';
import { renderTable } from './table.js';
import { counted, duration } from './units.js';

/** What one cause cost in all. */
export interface CauseCost extends SessionsCost {
  readonly cause: ResumeReason;
}

/** By cause, the dearest first; the run's first session lost nothing. */
export const costByCause = (kept: KeptSessions): CauseCost[] =>
  [...costsByReason(kept)]
    .filter(([cause]) => cause !== 'start')
    .map(([cause, cost]) => ({ cause, ...cost }))
    .sort((a, b) => b.recoveryMs + b.redoneMs - a.recoveryMs - a.redoneMs);

export function causesTable(kept: KeptSessions): string[] {
  const costs = costByCause(kept);
  if (costs.length === 0) return [];
  const table = renderTable<CauseCost>(
    [
      { title: 'CAUSE', value: ({ cause }) => causeOf(cause) },
      { title: 'TIMES', right: true, value: ({ times }) => String(times) },
      { title: 'WITHOUT A DEVICE', right: true, value: ({ recoveryMs }) => duration(recoveryMs) },
      { title: 'REDONE', right: true, value: ({ stepsRedone }) => counted(stepsRedone, 'step') },
      { title: 'REDONE TIME', right: true, value: ({ redoneMs }) => duration(redoneMs) },
    ],
    costs,
  );
  return [...table, ''];
}

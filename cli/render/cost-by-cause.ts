import type { ResumeReason, SessionRecord } from '../../workflows/contract.js';
import { causeOf } from './sessions.js';
import { renderTable } from './table.js';
import { counted, duration } from './units.js';

/** What one cause cost in all. */
export interface CauseCost {
  readonly cause: ResumeReason;
  readonly times: number;
  readonly stepsRedone: number;
  readonly recoveryMs: number;
  readonly redoneMs: number;
}

/** By cause, the dearest first; the run's first session lost nothing. */
export function costByCause(sessions: readonly SessionRecord[]): CauseCost[] {
  const causes = [...new Set(sessions.map(({ reason }) => reason))].filter((cause) => cause !== 'start');
  const costs = causes.map((cause) => {
    const of = sessions.filter(({ reason }) => reason === cause);
    const sum = (value: (session: SessionRecord) => number) => of.reduce((total, each) => total + value(each), 0);
    return {
      ...{ cause, times: of.length, stepsRedone: sum(({ stepsRedone }) => stepsRedone) },
      ...{ recoveryMs: sum(({ recoveryMs }) => recoveryMs), redoneMs: sum(({ redoneMs }) => redoneMs) },
    };
  });
  return costs.sort((a, b) => b.recoveryMs + b.redoneMs - a.recoveryMs - a.redoneMs);
}

export function causesTable(sessions: readonly SessionRecord[]): string[] {
  const costs = costByCause(sessions);
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

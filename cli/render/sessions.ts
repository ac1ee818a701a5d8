import type { ResumeReason, RunStatus, SessionRecord } from '../../workflows/contract.js';
import type { KeptSessions } from '../../workflows/policies/session-sums.js';

const reasons: Readonly<Record<ResumeReason, string>> = {
  start: 'the run began',
  'session-lost': 'the session was lost',
  'engine-failed': 'the engine failed',
  'disk-full': "a host's disk was full",
  preempted: 'the worker was asked to stop',
  paused: 'it was paused',
  'history-full': 'the history was full and was begun anew',
};

export const keptOf = ({
  sessions,
  earlierSessions = null,
}: Pick<RunStatus, 'sessions'> & { readonly earlierSessions?: RunStatus['earlierSessions'] | null }): KeptSessions => ({
  sessions,
  earlier: earlierSessions,
});

export const causeOf = (reason: ResumeReason): string => reasons[reason];

/** What ended a session, in an operator's words: the activity that heard of its worker's end says nothing to one. */
export const detailText = (detail: string): string =>
  detail
    .replace(/^\w+: no heartbeat\b/, 'its worker stopped answering')
    .replace(/^\w+: (?=its worker)/, '')
    .replace(/\.$/, '');

/** Why a session was opened: `the session was lost (its worker stopped answering)`. */
export const reasonOf = ({ reason, detail }: Pick<SessionRecord, 'reason' | 'detail'>): string =>
  detail && reason !== 'start' ? `${reasons[reason]} (${detailText(detail)})` : reasons[reason];

const broke = new Set<ResumeReason>(['session-lost', 'engine-failed', 'disk-full']);

/** Whether a session was opened because something broke. */
export const isRecovery = (reason: ResumeReason): boolean => broke.has(reason);

export const recoveryCount = (recoveries: number): string =>
  recoveries === 1 ? '1 recovery' : `${recoveries} recoveries`;

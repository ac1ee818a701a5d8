import type { ResumeReason, SessionRecord } from '../../workflows/contract.js';

const reasons: Readonly<Record<ResumeReason, string>> = {
  start: 'the run began',
  'session-lost': 'the session was lost',
  'engine-failed': 'the engine failed',
  preempted: 'the worker was asked to stop',
  paused: 'it was paused',
  'history-full': 'the history was full and was begun anew',
};

export const causeOf = (reason: ResumeReason): string => reasons[reason];

/** Why a session was opened: `the session was lost (trainEpoch: no heartbeat)`. */
export const reasonOf = ({ reason, detail }: Pick<SessionRecord, 'reason' | 'detail'>): string =>
  detail && reason !== 'start' ? `${reasons[reason]} (${detail.replace(/\.$/, '')})` : reasons[reason];

/** Sessions that were opened because something broke. */
export const recoveries = (sessions: readonly SessionRecord[]): SessionRecord[] =>
  sessions.filter(({ reason }) => reason === 'session-lost' || reason === 'engine-failed');

export const recoveryCount = (recoveries: number): string =>
  recoveries === 1 ? '1 recovery' : `${recoveries} recoveries`;

/** What a run keeps of its sessions: the last ones in full, those before them in sum, so that a run of months stays small and tells all. */
import type { EarlierSessions, ResumeReason, SessionRecord, SessionsCost } from '../contract.js';

export interface KeptSessions {
  /** The newest, oldest first. */
  readonly sessions: readonly SessionRecord[];
  readonly earlier: EarlierSessions | null;
}

/** One more; of more than `most` the oldest is added to the sums. */
export function withSession({ sessions, earlier }: KeptSessions, session: SessionRecord, most: number): KeptSessions {
  const all = [...sessions, session];
  const [oldest, next] = all;
  if (all.length <= most || !oldest || !next) return { sessions: all, earlier };
  const { count, byReason, fingerprintChanges } = earlier ?? { count: 0, byReason: {}, fingerprintChanges: 0 };
  const changed = oldest.fingerprint === next.fingerprint ? 0 : 1;
  return {
    sessions: all.slice(1),
    earlier: {
      count: count + 1,
      byReason: { ...byReason, [oldest.reason]: added(byReason[oldest.reason], oldest) },
      fingerprintChanges: fingerprintChanges + changed,
    },
  };
}

/** Of all sessions of a run, by why they were opened. */
export function costsByReason({ sessions, earlier }: KeptSessions): Map<ResumeReason, SessionsCost> {
  const costs = new Map(Object.entries(earlier?.byReason ?? {}) as [ResumeReason, SessionsCost][]);
  for (const session of sessions) costs.set(session.reason, added(costs.get(session.reason), session));
  return costs;
}

const added = (cost: SessionsCost | undefined, { stepsRedone, recoveryMs, redoneMs }: SessionRecord): SessionsCost => ({
  times: (cost?.times ?? 0) + 1,
  stepsRedone: (cost?.stepsRedone ?? 0) + stepsRedone,
  recoveryMs: (cost?.recoveryMs ?? 0) + recoveryMs,
  redoneMs: (cost?.redoneMs ?? 0) + redoneMs,
});

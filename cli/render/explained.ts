import pc from 'picocolors';
import type { Adjustment, CheckpointRef, SessionRecord, SessionsCost } from '../../workflows/contract.js';
import { costsByReason, type KeptSessions } from '../../workflows/policies/session-sums.js';
import { adjustmentText, forkText } from './adjustments.js';
import { causesTable } from './cost-by-cause.js';
import { isRecovery, reasonOf, recoveryCount } from './sessions.js';
import { renderTable } from './table.js';
import { counted, duration, moment } from './units.js';

export interface Cost {
  readonly sessions: number;
  readonly recoveries: number;
  readonly stepsRedone: number;
  /** From the last sign of life of each that was lost until the next session held a device. */
  readonly recoveryMs: number;
  /** What the redone steps had taken when they were done first. */
  readonly redoneMs: number;
  /** Sessions whose fingerprint differs from the one before: from there on, bits may differ. */
  readonly fingerprintChanges: number;
}

export function costOf(kept: KeptSessions): Cost {
  const { sessions, earlier } = kept;
  const costs = [...costsByReason(kept)];
  const broken = costs.filter(([reason]) => isRecovery(reason));
  const sum = (of: typeof costs, value: (cost: SessionsCost) => number) =>
    of.reduce((total, [, each]) => total + value(each), 0);
  return {
    sessions: sum(costs, ({ times }) => times),
    recoveries: sum(broken, ({ times }) => times),
    stepsRedone: sum(costs, ({ stepsRedone }) => stepsRedone),
    recoveryMs: sum(broken, ({ recoveryMs }) => recoveryMs),
    redoneMs: sum(costs, ({ redoneMs }) => redoneMs),
    fingerprintChanges:
      (earlier?.fingerprintChanges ?? 0) + sessions.filter((_, i) => fingerprintChanged(sessions, i)).length,
  };
}

/** What a run's states come from, besides its job. */
export interface Lineage {
  readonly fork: CheckpointRef | null;
  readonly adjustments: readonly Adjustment[];
  /** Checkpoints that did not verify, as they stand on S3; null: the store did not answer. */
  readonly quarantined: readonly { readonly sequence: number; readonly reason: string }[] | null;
}

export const renderOrigins = (run: string, { fork, adjustments, quarantined }: Lineage): string[] => [
  ...(fork ? [`${run} began from ${forkText(fork)}.`] : []),
  ...adjustments.map((each) => `Adjusted ${adjustmentText(each)}.`),
  ...(quarantined === null ? ['The store does not answer: checkpoints that were set aside are not told.'] : []),
  ...(quarantined ?? []).map(({ sequence, reason }) => pc.yellow(`Checkpoint ${sequence} is set aside: ${reason}.`)),
];

/** `temper explain`: what happened to a run, session by session, and what it cost. */
export function renderExplained(run: string, kept: KeptSessions): string[] {
  const { sessions, earlier } = kept;
  if (sessions.length === 0) return [`${run} has not held a device yet: there is nothing to explain.`];
  const before = earlier?.count ?? 0;
  const numbered = sessions.map((session, i) => ({ number: before + 1 + i, session }));
  return [
    ...(before > 0 ? [`The first ${counted(before, 'session')} of ${run} are told in the sums only.`, ''] : []),
    ...sessions.flatMap((session, i) => [...story(session, i, sessions), '']),
    ...renderTable(
      [
        { title: 'SESSION', right: true, value: ({ number }) => String(number) },
        { title: 'OPENED', value: ({ session }) => moment(new Date(session.openedAtMs)) },
        { title: 'HOST', value: ({ session }) => session.host },
        { title: 'BECAUSE', value: ({ session }) => session.reason },
        { title: 'FROM', value: ({ session: { from } }) => (from ? `${from.sequence} (step ${from.step})` : 'start') },
        { title: 'REDONE', right: true, value: ({ session }) => counted(session.stepsRedone, 'step') },
        { title: 'WAITED', right: true, value: ({ session }) => duration(session.recoveryMs) },
        { title: 'REDONE TIME', right: true, value: ({ session }) => duration(session.redoneMs) },
      ],
      numbered,
    ),
    '',
    ...causesTable(kept),
    total(costOf(kept)),
  ];
}

function story(session: SessionRecord, i: number, sessions: readonly SessionRecord[]): string[] {
  const { openedAtMs, host, from, passedOver, stepsRedone, recoveryMs, redoneMs, reason } = session;
  const lines = [`${pc.bold(moment(new Date(openedAtMs)))}  ${host}: ${reasonOf(session)}.`];
  if (reason !== 'start' || from) {
    const why = passedOver.length > 0 ? 'the newest that verifies' : 'the newest, and it verified';
    lines.push(
      from
        ? `  Went on from checkpoint ${from.sequence} (step ${from.step}): ${why}.`
        : '  No checkpoint was there yet: began at the start.',
    );
  }
  for (const each of passedOver) lines.push(`  ${pc.yellow('Passed over')} ${each}`);
  if (stepsRedone > 0) {
    const cost = redoneMs > 0 ? `, which had taken ${duration(redoneMs)}` : '';
    const one = stepsRedone === 1;
    const lost =
      passedOver.length > 0
        ? `${one ? 'is' : 'are'} not to be had any more`
        : `${one ? 'was' : 'were'} not durable yet`;
    lines.push(`  ${counted(stepsRedone, 'step')} after it ${lost} and done again${cost}.`);
  } else if (from && reason !== 'start' && passedOver.length === 0) lines.push('  No step was done again.');
  const after = isRecovery(reason) ? 'its last sign of life' : 'that';
  if (reason !== 'start') lines.push(`  A device was held again ${duration(recoveryMs)} after ${after}.`);
  if (fingerprintChanged(sessions, i)) {
    const [before, now] = [sessions[i - 1]?.fingerprint, session.fingerprint].map((digest) => digest?.slice(0, 12));
    lines.push(
      `  ${pc.yellow(`The fingerprint changed from ${before} to ${now}: from step ${from?.step ?? 0} on, bits may differ.`)}`,
    );
  }
  return lines;
}

const fingerprintChanged = (sessions: readonly SessionRecord[], i: number): boolean =>
  i > 0 && sessions[i - 1]?.fingerprint !== sessions[i]?.fingerprint;

function total(cost: Cost): string {
  const opened = counted(cost.sessions, 'session');
  if (cost.recoveries === 0 && cost.stepsRedone === 0)
    return `In all: ${opened}, nothing was lost and nothing done again.`;
  const redone =
    cost.stepsRedone > 0
      ? ` and ${duration(cost.redoneMs)} for ${counted(cost.stepsRedone, 'step')} done again`
      : ', and no step was done again';
  return `In all: ${opened}, ${recoveryCount(cost.recoveries)}; they cost ${duration(cost.recoveryMs)} without a device${redone}.`;
}

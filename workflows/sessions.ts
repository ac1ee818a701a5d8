import { ApplicationFailure, allHandlersFinished, condition, patched } from '@temporalio/workflow';
import type {
  CheckpointRef,
  FineTuneResult,
  FoundCheckpoint,
  ResumeReason,
  Sha256,
  TrainProgress,
} from './contract.js';
import { goOnInNewHistory, historyIsLong } from './history.js';
import { withDevice, type Device, type SessionRequest } from './device-session.js';
import { failureType } from './policies/failures.js';
import { suspected } from './policies/poison.js';
import { Budgets, setbackOf, type Setback } from './recovery.js';
import type { RunState } from './run-state.js';

/** Why a session was left before the run was done. */
export type Left = 'paused' | 'preempted' | 'history-full';

/** What ended the session before this one. */
interface Before {
  readonly reason: ResumeReason;
  readonly detail: string;
  /** When it was last heard of. */
  readonly sinceMs: number;
  readonly lastProgress: TrainProgress | null;
}

/**
 * Runs the device part of a run over as many sessions as it takes: after a loss, a preemption or a pause in another one, from
 * the newest checkpoint that verifies.
 */
export async function overSessions(
  run: RunState,
  onDevice: (device: Device) => Promise<FineTuneResult | Left>,
): Promise<FineTuneResult> {
  const budgets = new Budgets(run);
  let before = ended(run.input.carried ? 'history-full' : 'start');
  for (;;) {
    if (run.pauseRequested) {
      run.enter('paused');
      await condition(() => !run.pauseRequested);
      before = ended('paused', 'resumed by the operator');
    }
    if (run.plan && historyIsLong()) {
      await condition(allHandlersFinished);
      await goOnInNewHistory(run.input, run.carry());
    }
    try {
      run.enter('wait-for-device', before.detail || null);
      const left = await withDevice(sessionRequest(run), async (device) => {
        run.device = device;
        await settle(run, device, before);
        return onDevice(device);
      });
      if (left !== null && typeof left === 'object') return left;
      before = ended(left === 'preempted' ? 'preempted' : 'history-full');
    } catch (error) {
      const setback = setbackOf(error);
      before = ended(setback.cause, setback.detail, setback);
      const { diedAt: step, detail: how } = setback;
      if (step !== null) run.suspect = suspected(run.suspect, { step, host: run.device?.host.host ?? '', how });
      run.enter('recovering', setback.detail);
      await budgets.spend(setback);
    } finally {
      run.device = null;
      run.adjusting.endSegment(); // a lost one has told nothing
    }
  }
}

const ended = (reason: ResumeReason, detail = '', setback: Setback | null = null): Before => ({
  ...{ reason, detail, sinceMs: Date.now() - (setback?.silentMs ?? 0) },
  lastProgress: setback?.lastProgress ?? null,
});

/** Finds where to go on from, and tells the session. */
async function settle(run: RunState, device: Device, { reason, detail, sinceMs, lastProgress }: Before): Promise<void> {
  const { host } = device;
  run.fingerprint ??= host.fingerprint;
  if (run.job.exactness === 'strict' && host.fingerprint.digest !== run.fingerprint.digest) {
    const message = `${host.host} has the fingerprint ${host.fingerprint.digest}, the run has ${run.fingerprint.digest}`;
    throw ApplicationFailure.create({ type: failureType.sessionClosed, message });
  }
  const trainedTo = Math.max(run.at?.step ?? 0, run.newestCommit?.step ?? 0, lastProgress?.position.step ?? 0);
  let passedOver: string[] = [];
  if (run.lineage) {
    const found = await findCheckpoint(run, device, run.lineage);
    const damaged = found.damaged.map(({ sequence, reason }) => `checkpoint ${sequence}: ${reason}`);
    passedOver = [...lostSince(run.newestCommit, found), ...damaged];
    run.rewindTo(found.ref);
    run.learn(found.observations); // after it: they are told as they were told at that step
  }
  const from = run.newestCommit;
  const stepsRedone = Math.max(0, trainedTo - (from?.step ?? 0)); // S3 may be ahead of what was heard of
  const stepsPerSecond = (lastProgress?.examplesPerSecond ?? 0) / run.jobNow.train.batchSize;
  run.tell({
    session: host.session,
    host: host.host,
    fingerprint: host.fingerprint.digest,
    reason,
    detail,
    openedAtMs: Date.now(),
    from: from && { sequence: from.sequence, step: from.step },
    passedOver,
    stepsRedone,
    recoveryMs: Date.now() - sinceMs,
    redoneMs: stepsPerSecond > 0 ? Math.round((stepsRedone / stepsPerSecond) * 1000) : 0,
  });
}

/** The newest checkpoint that the run knows of may be gone, manifest and all, or set aside since: nothing that is found now tells of it. */
function lostSince(known: CheckpointRef | null, { ref, damaged }: FoundCheckpoint): string[] {
  const gone = known !== null && known.sequence > (ref?.sequence ?? 0) && known.step > (ref?.step ?? -1);
  if (!gone || damaged.some(({ sequence }) => sequence === known.sequence)) return [];
  return [`checkpoint ${known.sequence}: it was acknowledged, and is there no more`];
}

/** Adjusted while it was looked for, what was found may be a state that the adjustment says never was: it is looked for again. */
async function findCheckpoint(run: RunState, device: Device, lineage: Sha256): Promise<FoundCheckpoint> {
  for (;;) {
    const { adjustments, newestCommit } = run;
    const known = newestCommit && { sequence: newestCommit.sequence, step: newestCommit.step };
    const found = await device.findCheckpoint({
      ...{ run: run.input.run, lineage },
      ...(known && { known }),
      ...(adjustments.length > 0 && { adjustments }),
    });
    if (run.adjustments === adjustments || !patched('adjusted-while-looking')) return found;
  }
}

function sessionRequest(run: RunState): SessionRequest {
  const { fingerprint, job } = run;
  return {
    run: run.input.run,
    threads: job.threads ?? null,
    tf32: job.train.precision === 'tf32',
    pinned: fingerprint && {
      intraOpThreads: fingerprint.intraOpThreads,
      interOpThreads: fingerprint.interOpThreads,
    },
    onlyHostClass: job.exactness === 'strict' ? (fingerprint?.hostClass ?? null) : null,
    noLongerWanted: () => run.pauseRequested,
  };
}

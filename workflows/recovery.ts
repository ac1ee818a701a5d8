import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  TimeoutFailure,
  log,
  patched,
  sleep,
} from '@temporalio/workflow';
import type { CheckpointRef, TrainProgress } from './contract.js';
import {
  ACTIVITY_HEARTBEAT_MS,
  backoffSeconds,
  budget,
  failureType,
  SESSION_HEARTBEAT_MS,
  type Cause,
} from './policies/failures.js';

/** A failure that another session can mend, in the workflow's terms. */
export interface Setback {
  readonly cause: Cause;
  readonly detail: string;
  /** The last progress that was heard of, which may be a step or two behind. */
  readonly lastProgress: TrainProgress | null;
  /** The step that an engine died in; null: it was none, or is not known. */
  readonly diedAt: number | null;
  /** How long nothing had been heard of the session when its end was noticed. */
  readonly silentMs: number;
}

/** Sorts a failure: throws what no retry can mend, returns the rest as a setback. */
export function setbackOf(error: unknown): Setback {
  if (CancellationScope.current().consideredCancelled) throw error;
  if (!(error instanceof ActivityFailure) && !(error instanceof ApplicationFailure)) throw error;
  const [cause, activityType] =
    error instanceof ActivityFailure ? [error.cause, error.activityType] : [error, 'openSession'];
  if (cause instanceof TimeoutFailure) {
    const lastProgress = (cause.lastHeartbeatDetails as TrainProgress | undefined) ?? null;
    const what = cause.timeoutType === 'HEARTBEAT' ? 'no heartbeat' : `${cause.timeoutType} time-out`;
    const within = activityType === 'openSession' ? SESSION_HEARTBEAT_MS : ACTIVITY_HEARTBEAT_MS;
    const silentMs = cause.timeoutType === 'HEARTBEAT' ? within : 0;
    return { cause: 'session-lost', detail: `${activityType}: ${what}`, lastProgress, diedAt: null, silentMs };
  }
  if (!(cause instanceof ApplicationFailure))
    return {
      ...{ cause: 'session-lost', detail: `${activityType}: ${error.message}` },
      ...{ lastProgress: null, diedAt: null, silentMs: 0 },
    };
  const lastProgress = (cause.details?.[0] as TrainProgress | undefined) ?? null;
  const died = cause.details?.[1] as DeathDetails | undefined;
  if (cause.nonRetryable) throw error;
  const ofEngine = cause.type === failureType.engineDied || cause.type === failureType.engineFailed;
  return {
    cause: ofEngine ? 'engine-failed' : isDiskFull(cause) ? 'disk-full' : 'session-lost',
    detail: `${activityType}: ${cause.message}`,
    lastProgress,
    diedAt: ofEngine && typeof died?.step === 'number' ? died.step : null,
    silentMs: died?.silentMs ?? 0,
  };
}

/** A workflow that was told of one as of a lost session goes on counting it so. */
const isDiskFull = ({ type }: ApplicationFailure): boolean => type === failureType.diskFull && patched('disk-full');

/** What is told of the death of an engine or a worker, after its last progress. Older workers do not. */
interface DeathDetails {
  readonly step?: number;
  readonly silentMs?: number;
}

/** Counts setbacks in a row without a newer checkpoint, and waits before the next try. */
export class Budgets {
  readonly #spent: Record<Cause, number> = { 'session-lost': 0, 'engine-failed': 0, 'disk-full': 0 };
  #sequence = 0;
  #rows = 0;

  constructor(readonly run: { readonly newestCommit: CheckpointRef | null; readonly plan: unknown }) {}

  async spend({ cause, detail, lastProgress }: Setback): Promise<void> {
    const sequence = this.run.newestCommit?.sequence ?? 0;
    if (sequence > this.#sequence) for (const each of Object.keys(this.#spent) as Cause[]) this.#spent[each] = 0;
    this.#sequence = sequence;
    // Features that were computed stay, as a checkpoint does.
    const rows = lastProgress?.rows?.done ?? 0;
    if (rows > this.#rows) for (const each of Object.keys(this.#spent) as Cause[]) this.#spent[each] = 0;
    this.#rows = Math.max(rows, this.#rows);
    const spent = ++this.#spent[cause];
    log.warn('the run goes back to its last checkpoint', { cause, detail, failuresInARow: spent });
    // Before it has a plan a run can't go on in a new history, and this one ends at some length.
    const most = this.run.plan ? budget[cause] : Math.min(budget[cause], budget['session-lost']);
    if (spent >= most) {
      throw ApplicationFailure.nonRetryable(
        `${cause} ${spent} times in a row without a newer checkpoint, the last time: ${detail}. ` +
          "See `temper explain` for where it happened and the worker's log for what the engine said.",
        cause,
      );
    }
    const seconds = backoffSeconds(spent);
    if (seconds > 0) await sleep(seconds * 1000);
  }
}

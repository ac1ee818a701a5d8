import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  TimeoutFailure,
  log,
  sleep,
} from '@temporalio/workflow';
import type { CheckpointRef, TrainProgress } from './contract.js';
import { backoffSeconds, budget, failureType, type Cause } from './policies/failures.js';

/** A failure that another session can mend, in the workflow's terms. */
export interface Setback {
  readonly cause: Cause;
  readonly detail: string;
  /** The last progress that was heard of, which may be a step or two behind. */
  readonly lastProgress: TrainProgress | null;
  /** The step that an engine died in; null: it was none, or is not known. */
  readonly diedAt: number | null;
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
    return { cause: 'session-lost', detail: `${activityType}: ${what}`, lastProgress, diedAt: null };
  }
  if (!(cause instanceof ApplicationFailure))
    return { cause: 'session-lost', detail: `${activityType}: ${error.message}`, lastProgress: null, diedAt: null };
  const lastProgress = (cause.details?.[0] as TrainProgress | undefined) ?? null;
  const died = cause.details?.[1] as DeathDetails | undefined;
  if (cause.nonRetryable) throw error;
  const ofEngine = cause.type === failureType.engineDied || cause.type === failureType.engineFailed;
  return {
    cause: ofEngine ? 'engine-failed' : cause.type === failureType.diskFull ? 'disk-full' : 'session-lost',
    detail: `${activityType}: ${cause.message}`,
    lastProgress,
    diedAt: ofEngine && typeof died?.step === 'number' ? died.step : null,
  };
}

/** What an activity tells of an engine's death, after its last progress. Older workers do not. */
interface DeathDetails {
  readonly step?: number;
}

/** Counts setbacks in a row without a newer checkpoint, and waits before the next try. */
export class Budgets {
  readonly #spent: Record<Cause, number> = { 'session-lost': 0, 'engine-failed': 0, 'disk-full': 0 };
  #sequence = 0;
  #rows = 0;

  constructor(readonly run: { readonly newestCommit: CheckpointRef | null }) {}

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
    if (spent >= budget[cause]) {
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

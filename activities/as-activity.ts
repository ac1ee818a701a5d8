import { setMaxListeners } from 'node:events';
import { ApplicationFailure, CancelledFailure, Context, type Info } from '@temporalio/activity';
import { DataError } from '../data/data-error.js';
import { EngineDied, EngineFailure } from '../engine/failure.js';
import { ModelError } from '../models/model-error.js';
import { Diverged, isStoreError } from '../storage/errors.js';
import { failureType } from '../workflows/policies/failures.js';

/** Of an activity's time-out. Each heartbeat costs the server some 10 ms, and a session has those of openSession besides. */
const HEARTBEATS_PER_TIMEOUT = 3;
const HEARTBEAT_AT_LEAST_EVERY_MS = 5_000;

const heartbeatEveryMs = ({ heartbeatTimeoutMs }: Info): number =>
  Math.min((heartbeatTimeoutMs ?? Infinity) / HEARTBEATS_PER_TIMEOUT, HEARTBEAT_AT_LEAST_EVERY_MS);

/**
 * Runs the body of an activity: heartbeats for it, ends it when it is cancelled, and names its failures by what the
 * workflow does next. `details` goes out with every heartbeat and with an engine's death.
 */
export async function asActivity<Result>(
  body: (signal: AbortSignal) => Promise<Result>,
  details?: () => unknown,
): Promise<Result> {
  const context = Context.current();
  setMaxListeners(0, context.cancellationSignal); // one per request to the store that is under way
  const beat = () => context.heartbeat(details?.());
  beat();
  const timer = setInterval(beat, heartbeatEveryMs(context.info));
  try {
    return await Promise.race([body(context.cancellationSignal), context.cancelled]);
  } catch (error) {
    throw namedFailure(error, context, details?.());
  } finally {
    clearInterval(timer);
  }
}

/** The session cannot go on, another one can. */
export const sessionClosed = (message: string): ApplicationFailure =>
  ApplicationFailure.create({ type: failureType.sessionClosed, message });

const diskFull = /\b(ENOSPC|EDQUOT)\b/;

function namedFailure(error: unknown, context: Context, details: unknown): unknown {
  if (context.cancellationSignal.aborted)
    return error instanceof CancelledFailure ? error : new CancelledFailure('cancelled');
  if (
    error instanceof DataError ||
    error instanceof ModelError ||
    (error instanceof EngineFailure && error.kind === 'user')
  ) {
    return ApplicationFailure.create({
      type: failureType.user,
      nonRetryable: true,
      message: error.message,
      cause: error,
    });
  }
  if (error instanceof Diverged) {
    return ApplicationFailure.create({
      type: failureType.diverged,
      nonRetryable: true,
      message: error.message,
      cause: error,
    });
  }
  if (error instanceof EngineDied) {
    const died = { silentMs: error.silentMs, ...(error.during && { step: error.during.step }) };
    return ApplicationFailure.create({
      type: failureType.engineDied,
      message: error.message,
      details: [details, died],
    });
  }
  // Of this host, and no defect of the engine's: to be tried again for long, perhaps on another host.
  if (error instanceof Error && diskFull.test(error.message))
    return ApplicationFailure.create({
      type: failureType.diskFull,
      message: `this host's disk is full: make room in the worker's scratch folder (${error.message.split('\n')[0]})`,
    });
  // Out of an S3 call an abort reads as a cancellation, which Temporal would not retry.
  if (isStoreError(error, 'aborted')) return ApplicationFailure.create({ type: 'Aborted', message: error.message });
  return error;
}

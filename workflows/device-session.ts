/**
 * A device for as long as a run wants it: the worker session of Temporal's Go SDK.
 *
 * openSession runs on the shared device queue as long as the session lives. It takes a device slot and serves a queue of the
 * session's own, whose name the workflow chose with a fresh nonce. Everything that needs the device runs on that queue. When
 * the host dies, openSession's heartbeat times out; what was pending on its queue is abandoned, and the failure is the
 * caller's, who opens a session somewhere else.
 */
import { ActivityCancellationType, CancellationScope, condition, proxyActivities, uuid4 } from '@temporalio/workflow';
import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { DeviceActivities, OpenSession, SessionActivities, SessionHost } from './contract.js';
import { DEVICE_QUEUE, deviceQueueOf } from './handlers.js';
import { failureType } from './policies/failures.js';

/** A month: sessions and segments end by what they do, and by their heartbeats, not by this. */
const LONG = '30 days';
const HEARTBEAT = '5 seconds';

export type Device = SessionActivities & { readonly host: SessionHost };

export interface SessionRequest {
  readonly run: OpenSession['run'];
  readonly threads: number | null;
  /** What the run pinned; null on its first session. */
  readonly pinned: OpenSession['pinned'];
  /** Only hosts of this class; null: any. */
  readonly onlyHostClass: string | null;
  /** True when the run no longer wants the device it waits for. */
  readonly noLongerWanted: () => boolean;
}

/** Runs `use` with a device; null when it was no longer wanted before there was one. The device is free when this ends. */
export async function withDevice<Result>(
  request: SessionRequest,
  use: (device: Device) => Promise<Result>,
): Promise<Result | null> {
  const { run, threads, pinned, onlyHostClass } = request;
  const session = `${run}-${uuid4()}`;
  const { openSession } = proxyActivities<DeviceActivities>({
    taskQueue: onlyHostClass === null ? DEVICE_QUEUE : deviceQueueOf(onlyHostClass),
    startToCloseTimeout: LONG,
    heartbeatTimeout: HEARTBEAT,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: { maximumAttempts: 1 },
  });
  const activities = sessionActivities(session);
  const scope = new CancellationScope();
  return scope.run(async () => {
    let lost = false;
    let opened = false;
    const held = openSession({ run, session, pinned, threads }).then(
      () => sessionEnded(),
      (error: unknown) => {
        lost = true;
        throw error;
      },
    );
    const work = async () => {
      const host = await Promise.race([activities.describeSession(), condition(request.noLongerWanted)]);
      if (!host) return null;
      opened = true;
      return use({ ...activities, host });
    };
    try {
      return await Promise.race([held, work()]);
    } catch (error) {
      // The session's queue is served by the host that died: nobody would ever start what waits there.
      lost ||= isLoss(error);
      throw error;
    } finally {
      if (opened && !lost) await CancellationScope.nonCancellable(() => closing(session, held));
      scope.cancel(); // abandons what is pending on the session's queue, and openSession if it never started
    }
  });
}

/** openSession ended though nobody closed it: its worker gave up the session. */
function sessionEnded(): never {
  throw ApplicationFailure.create({ type: failureType.sessionClosed, message: 'the worker ended the session' });
}

const isLoss = (error: unknown) => error instanceof ActivityFailure && error.cause instanceof TimeoutFailure;

function sessionActivities(session: string): SessionActivities {
  const onSession = {
    taskQueue: session,
    startToCloseTimeout: LONG,
    heartbeatTimeout: HEARTBEAT,
    cancellationType: ActivityCancellationType.ABANDON,
  } as const;
  const once = proxyActivities<SessionActivities>({ ...onSession, retry: { maximumAttempts: 1 } });
  // Storing is safe to repeat by the commit protocol, and the store may be away for long.
  const untilStored = proxyActivities<SessionActivities>({
    ...onSession,
    retry: {
      initialInterval: '1 second',
      maximumInterval: '15 seconds',
      nonRetryableErrorTypes: [failureType.sessionClosed, failureType.engineDied],
    },
  });
  const quick = proxyActivities<SessionActivities>({
    taskQueue: session,
    scheduleToCloseTimeout: '10 seconds',
    cancellationType: ActivityCancellationType.ABANDON,
    retry: { maximumAttempts: 3 },
  });
  const { describeSession, initializeModel, trainEpoch, validate, evaluate } = once;
  const { findCheckpoint, uploadCheckpoint, publishModel } = untilStored;
  const { interrupt, closeSession } = quick;
  return {
    describeSession,
    findCheckpoint,
    initializeModel,
    trainEpoch,
    validate,
    uploadCheckpoint,
    evaluate,
    publishModel,
    interrupt,
    closeSession,
  };
}

/**
 * Asks the worker to give the device back, and waits until openSession has ended: then the device is free. A worker that does
 * not answer has lost the session, or will hear of it with its next heartbeat.
 */
async function closing(session: string, held: Promise<never>): Promise<void> {
  try {
    await sessionActivities(session).closeSession();
  } catch {
    return;
  }
  await held.catch(() => undefined);
}

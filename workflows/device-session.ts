/**
 * A device for as long as a run wants it: the worker session of Temporal's Go SDK.
 *
 * openSession runs on the shared device queue as long as the session lives. It takes a device slot and serves a queue of the
 * session's own, whose name the workflow chose with a fresh nonce. Everything that needs the device runs on that queue. When
 * the host dies, openSession's heartbeat times out; what was pending on its queue is abandoned, and the failure is the
 * caller's, who opens a session somewhere else.
 */
import {
  ActivityCancellationType,
  CancellationScope,
  condition,
  patched,
  proxyActivities,
  uuid4,
} from '@temporalio/workflow';
import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { DeviceActivities, OpenSession, SessionActivities, SessionHost } from './contract.js';
import { DEVICE_QUEUE, deviceQueueOf } from './handlers.js';
import { ACTIVITY_HEARTBEAT_MS, failureType, SESSION_HEARTBEAT_MS } from './policies/failures.js';

/** A month: sessions and segments end by what they do, and by their heartbeats, not by this. */
const LONG = '30 days';

export type Device = SessionActivities & { readonly host: SessionHost };

export interface SessionRequest {
  readonly run: OpenSession['run'];
  readonly threads: number | null;
  readonly tf32: boolean;
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
  const session = `${request.run}-${uuid4()}`;
  let over = false;
  const activities = sessionActivities(session, () => over);
  // The run's own cancellation does not reach it (the session is closed first), its own does: a scope that is itself not
  // cancellable would pass on neither.
  const holding = new CancellationScope({ cancellable: true, parent: new CancellationScope({ cancellable: false }) });
  let state: 'waiting' | 'open' | 'lost' = 'waiting';
  const held = holding
    .run(() => openSessionOf(request)({ ...openInput(request), session }))
    .then(sessionEnded)
    .catch((error: unknown) => {
      state = 'lost'; // nobody would answer closeSession any more
      throw error;
    });
  held.catch(() => undefined); // also when nobody races it any more
  const work = async (): Promise<Result | null> => {
    const host = await Promise.race([activities.describeSession(), condition(request.noLongerWanted)]);
    if (!host) return null;
    state = 'open';
    return use({ ...activities, host });
  };
  try {
    return await Promise.race([held, work(), CancellationScope.current().cancelRequested]);
  } catch (error) {
    // The session's queue is served by the host that died: nobody would ever start what waits there.
    if (isLoss(error)) state = 'lost';
    throw error;
  } finally {
    over = true;
    const closed = isOpen(state) && (await CancellationScope.nonCancellable(() => closing(session, held)));
    // Never opened, or not known to have ended: its worker may well be alive, and would hold the device for nobody.
    if (!closed && patched('left-session-is-cancelled')) holding.cancel();
  }
}

/** A function, so that the compiler does not think that it knows what callbacks have assigned. */
const isOpen = (state: string): boolean => state === 'open';

const openSessionOf = ({ onlyHostClass }: SessionRequest) =>
  proxyActivities<DeviceActivities>({
    taskQueue: onlyHostClass === null ? DEVICE_QUEUE : deviceQueueOf(onlyHostClass),
    startToCloseTimeout: LONG,
    heartbeatTimeout: SESSION_HEARTBEAT_MS,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { maximumAttempts: 1 },
  }).openSession;

const openInput = ({ run, pinned, threads, tf32 }: SessionRequest) => ({
  run,
  pinned,
  threads,
  ...(tf32 && { tf32 }),
});

/** openSession ended though nobody closed it: its worker gave up the session. */
function sessionEnded(): never {
  throw ApplicationFailure.create({ type: failureType.sessionClosed, message: 'the worker ended the session' });
}

const isLoss = (error: unknown) => error instanceof ActivityFailure && error.cause instanceof TimeoutFailure;

/**
 * The session's activities. They are never cancelled: an abandoned activity whose time-out arrives later breaks the workflow's
 * state machine (seen: "transition is invalid during event ActivityTaskTimedOut", for ever). Training is ended by `interrupt`, all
 * else by the end of the session; what waits on the queue of a dead host runs into its schedule-to-start time-out.
 */
function sessionActivities(session: string, over: () => boolean): SessionActivities {
  const onSession = { taskQueue: session, startToCloseTimeout: LONG, heartbeatTimeout: ACTIVITY_HEARTBEAT_MS } as const;
  const serving = { ...onSession, scheduleToStartTimeout: '1 minute' } as const;
  // It waits for the session itself to begin, which may take as long as other runs do.
  const first = proxyActivities<SessionActivities>({ ...onSession, retry: { maximumAttempts: 1 } });
  const once = proxyActivities<SessionActivities>({ ...serving, retry: { maximumAttempts: 1 } });
  // Storing is safe to repeat by the commit protocol, and the store may be away for long.
  const untilStored = proxyActivities<SessionActivities>({
    ...serving,
    retry: {
      initialInterval: '1 second',
      maximumInterval: '15 seconds',
      maximumAttempts: 10, // then another session tries; the store away is waited for within an attempt
      nonRetryableErrorTypes: [failureType.sessionClosed, failureType.engineDied, failureType.diskFull],
    },
  });
  const quick = proxyActivities<SessionActivities>({
    taskQueue: session,
    scheduleToCloseTimeout: '10 seconds',
    retry: { maximumAttempts: 3 },
  });
  const chain = {
    describeSession: first.describeSession,
    findCheckpoint: untilStored.findCheckpoint,
    initializeModel: once.initializeModel,
    computeFeatures: once.computeFeatures,
    trainEpoch: once.trainEpoch,
    validate: once.validate,
    uploadCheckpoint: untilStored.uploadCheckpoint,
    evaluate: once.evaluate,
    publishModel: untilStored.publishModel,
  };
  return {
    ...detached(chain, over),
    // Whoever asks for these is answered also when the session ends meanwhile.
    interrupt: () => CancellationScope.nonCancellable(() => quick.interrupt()),
    closeSession: () => CancellationScope.nonCancellable(() => quick.closeSession()),
  };
}

/**
 * The same functions outside of every cancellable scope. What they come to after the session is over is never told: the run has
 * gone back to a checkpoint by then, and must not hear of a state that came after it.
 */
function detached<Functions extends object>(functions: Functions, over: () => boolean): Functions {
  const entries = Object.entries(functions) as [string, (...args: unknown[]) => Promise<unknown>][];
  const wrapped = entries.map(([name, call]) => [
    name,
    (...args: unknown[]) => {
      const result = CancellationScope.nonCancellable(() => call(...args));
      return new Promise((resolve, reject) => {
        result.then(
          (value) => over() || resolve(value),
          (error: Error) => over() || reject(error),
        );
      });
    },
  ]);
  return Object.fromEntries(wrapped) as Functions;
}

/**
 * Asks the worker to give the device back, and waits until openSession has ended: then the device is free. False when the worker
 * does not answer: the session is lost, or is given up by the answer to its next heartbeat.
 */
async function closing(session: string, held: Promise<never>): Promise<boolean> {
  try {
    await sessionActivities(session, () => false).closeSession();
  } catch {
    return false;
  }
  await held.catch(() => undefined);
  return true;
}

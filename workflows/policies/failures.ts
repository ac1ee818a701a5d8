/**
 * Failures by the budget they draw on. A preemption is free; hosts and engines may fail many times as long as the run gets
 * further in between; a wrong input fails the run at once.
 */

/** Types of ApplicationFailure that our activities throw: `type` is what the workflow decides by. */
export const failureType = {
  /** The job, the data or the model is wrong; the message says what to change. Never retried. */
  user: 'UserError',
  /** Two strict runs of the same steps gave different bits. Never retried: a person must look. */
  diverged: 'Diverged',
  engineDied: 'EngineDied',
  engineFailed: 'EngineFailure',
  sessionClosed: 'SessionClosed',
  /** A host's disk is full. Somebody makes room in the end, or another host has some. */
  diskFull: 'DiskFull',
  /** A session's worker died, as the next one on its host tells. */
  workerDied: 'WorkerDied',
  /** No engine starts on a host's device: another host may have one. */
  deviceFailed: 'DeviceFailed',
  /** One step has killed its engine again and again (poison.ts). Never retried: it would do so for ever. */
  poison: 'PoisonStep',
} as const;

/** Of openSession, which tells of a host's death. Its worker sends one each two seconds (workers/device-sessions.ts). */
export const SESSION_HEARTBEAT_MS = 6_000;
/** Of what runs in a session, on the same worker: tells of a task that got lost on its way there, and of nothing else. */
export const ACTIVITY_HEARTBEAT_MS = 15_000;

export type Cause = 'session-lost' | 'engine-failed' | 'disk-full';

/** Failures in a row without a newer checkpoint after which the run fails. A full disk is waited for, as a store that is away is. */
export const budget: Readonly<Record<Cause, number>> = {
  'session-lost': 100,
  'engine-failed': 5,
  'disk-full': Infinity,
};

/** Wait before the next try: none the first time, then 1 s doubling to a minute. */
export const backoffSeconds = (failuresInARow: number): number =>
  failuresInARow <= 1 ? 0 : Math.min(60, 2 ** (failuresInARow - 2));

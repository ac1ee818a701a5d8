/**
 * The worker's side of a device session (workflows/device-session.ts): openSession takes a slot and an engine, serves the
 * session's own queue, and ends when the workflow closes it, when the server no longer knows it, or when the grace of a
 * shutdown is over.
 */
import { hostname } from 'node:os';
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { Worker, type NativeConnection } from '@temporalio/worker';
import { sessionClosed } from '../activities/as-activity.js';
import { removeShards } from '../activities/session/engine-state.js';
import { createSessionActivities } from '../activities/session/index.js';
import type { ActivityDependencies, EngineDesk, SessionDesk } from '../activities/dependencies.js';
import { EngineDied } from '../engine/failure.js';
import type { DeviceActivities, OpenSession, Pinned, RunId } from '../workflows/contract.js';
import { failureType } from '../workflows/policies/failures.js';
import type { DeviceGate } from './device-gate.js';
import { slotScope, takeSlot, type DeviceSlot } from './device-slot.js';
import type { EnginePool } from './engine-pool.js';
import { noteSession } from './left-sessions.js';
import type { WorkerSettings } from './settings.js';
import { workerDefaults } from './worker-options.js';

/** One op at a time within a graph: parallelism is inside the ops, and the order of sums does not wander. */
const INTER_OP_THREADS = 1;

/** A third of the time-out by which a host's death is found: each costs Temporal's server some 10 ms. */
const HEARTBEAT_EVERY_MS = 2_000;

export const defaultPins = ({ defaultThreads }: WorkerSettings, threads: number | null): Pinned => ({
  intraOpThreads: threads ?? defaultThreads,
  interOpThreads: INTER_OP_THREADS,
});

export class DeviceSessions implements DeviceActivities {
  readonly #open = new Set<SessionDesk>();
  readonly #draining = new AbortController();

  constructor(
    readonly dependencies: ActivityDependencies,
    readonly connection: NativeConnection,
    readonly namespace: string,
    readonly pool: EnginePool,
    readonly settings: WorkerSettings,
    readonly device: string,
    readonly gate: DeviceGate,
  ) {}

  /** Stops training after the current step; each session commits what it has and is then closed by its workflow. */
  drain(): void {
    this.#draining.abort();
    for (const session of this.#open) {
      session.draining = true;
      session.desk.engine.interrupt();
    }
  }

  openSession = async (input: OpenSession): Promise<void> => {
    const context = Context.current();
    let session: SessionDesk | null = null;
    const { workFolder } = this.dependencies;
    const note = noteSession(workFolder, input.session, context.info.taskToken, (why) => context.log.warn(why));
    const beat = () => {
      const progress = session?.desk.progress ?? null;
      context.heartbeat(progress);
      note.tell(progress);
    };
    beat();
    const timer = setInterval(beat, HEARTBEAT_EVERY_MS);
    try {
      const slot = await this.#takeSlot(context.cancellationSignal);
      try {
        const threads = input.pinned ?? defaultPins(this.settings, input.threads);
        const pinned = input.tf32 ? { ...threads, tf32: true } : threads;
        const desk = await this.#engine(input.run, pinned);
        let closed = false;
        try {
          const fingerprint = await desk.engine.fingerprint();
          const { promise: closing, resolve } = withResolvers();
          const close = () => {
            closed = true;
            desk.engine.kill(); // nobody wants what it may still compute (a cancelled run)
            resolve();
          };
          const host = { session: input.session, host: hostname(), pid: process.pid, slot: slot.index, fingerprint };
          desk.owner = input.session;
          const flags = { draining: this.#draining.signal.aborted, interruptRequested: false };
          session = { ...this.dependencies, host, desk, ...flags, close };
          this.#open.add(session);
          await this.#serve(session, Promise.race([closing, context.cancelled]));
        } finally {
          if (session) this.#open.delete(session);
          await this.pool.release(input.run, pinned, desk, !closed && !this.#draining.signal.aborted);
        }
      } finally {
        await slot.release();
      }
    } catch (error) {
      throw context.cancellationSignal.aborted ? new CancelledFailure('the session was given up') : error;
    } finally {
      clearInterval(timer);
      await note.remove();
      if (session) await removeShards(session).catch((error: unknown) => context.log.warn('shards stay', { error }));
    }
  };

  /** Where none starts the run tries another host, and this one takes no session until one does. */
  async #engine(run: RunId, pinned: Pinned): Promise<EngineDesk> {
    try {
      return await this.pool.acquire(run, pinned);
    } catch (error) {
      if (!(error instanceof EngineDied)) throw error;
      const why = `no engine starts on ${hostname()}: ${error.message}`;
      this.gate.shut([`${why[0]!.toUpperCase()}${why.slice(1)}`, ...error.said].join('\n'));
      throw ApplicationFailure.create({ type: failureType.deviceFailed, message: why });
    }
  }

  /** A worker that drains frees its slots for others, not for a session of its own that was waiting for one. */
  async #takeSlot(cancelled: AbortSignal): Promise<DeviceSlot> {
    const scope = slotScope(this.device, this.settings.scratch);
    try {
      return await takeSlot(scope, this.settings.slots, AbortSignal.any([cancelled, this.#draining.signal]));
    } catch (error) {
      throw this.#draining.signal.aborted ? sessionClosed('the worker is shutting down') : error;
    }
  }

  async #serve(session: SessionDesk, until: Promise<void>): Promise<void> {
    const worker = await Worker.create({
      ...workerDefaults,
      connection: this.connection,
      namespace: this.namespace,
      taskQueue: session.host.session,
      activities: createSessionActivities(session),
      maxConcurrentActivityTaskExecutions: 8, // train, upload and control at once, with room
      shutdownGraceTime: '5 seconds', // the answer to closeSession itself
    });
    const running = worker.run();
    try {
      await Promise.race([until, running]);
    } finally {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await running;
    }
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}

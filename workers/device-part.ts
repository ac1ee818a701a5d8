/** What a worker does that trains: it serves the device queues, as long as an engine starts on its device. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Runtime, Worker, type NativeConnection } from '@temporalio/worker';
import type { ActivityDependencies } from '../activities/dependencies.js';
import { DEVICE_QUEUE, deviceQueueOf, shortClass } from '../workflows/handlers.js';
import type { Fingerprint } from '../workflows/contract.js';
import { DeviceGate } from './device-gate.js';
import { DeviceSessions, defaultPins } from './device-sessions.js';
import { EnginePool } from './engine-pool.js';
import type { WorkerSettings } from './settings.js';
import { workerDefaults } from './worker-options.js';

export interface DevicePart {
  /** Stops training after the current step; each session commits what it has. */
  drain(): void;
  readonly workers: readonly Worker[];
  close(): Promise<void>;
}

export interface DeviceHost {
  readonly settings: WorkerSettings;
  readonly dependencies: ActivityDependencies;
  readonly connection: NativeConnection;
  readonly namespace: string;
}

/** null: there is no device here; the log says why. */
export async function devicePart(host: DeviceHost): Promise<DevicePart | null> {
  const { settings, dependencies, connection, namespace } = host;
  const { logger } = Runtime.instance();
  const none = (why: string) => {
    logger.warn(`${why}: this worker has no device and takes no sessions.`);
    return null;
  };
  if (settings.slots === 0) return none('TEMPER_DEVICE_SLOTS is 0');
  const pool = new EnginePool(join(settings.scratch, 'logs'), settings.allowModules, settings.patienceMs);
  const pins = defaultPins(settings, null);
  let fingerprint: Fingerprint;
  try {
    fingerprint = await pool.warmUp(pins);
  } catch (error) {
    const said = (error as { said?: readonly string[] }).said ?? [];
    return none([`No engine starts on ${hostname()}: ${(error as Error).message}`, ...said].join('\n'));
  }
  const gate = new DeviceGate({
    tryDevice: async () => void (await pool.warmUp(pins)),
    say: (sentence) => logger.warn(sentence),
  });
  const sessions = new DeviceSessions(dependencies, connection, namespace, pool, settings, fingerprint.device, gate);
  // As Temporal's client says it, and the class: it is how one sees from outside who could take a run (cli/runs/free-hosts.ts).
  const identity = `${process.pid}@${hostname()} ${shortClass(fingerprint.hostClass)}`;
  const workers = await Promise.all(
    [DEVICE_QUEUE, deviceQueueOf(fingerprint.hostClass)].map((taskQueue) =>
      Worker.create({
        ...workerDefaults,
        ...{ connection, namespace, taskQueue, identity },
        activities: { openSession: sessions.openSession },
        tuner: gate.tuner(settings.slots),
        shutdownGraceTime: settings.graceMs,
      }),
    ),
  );
  return {
    drain: () => sessions.drain(),
    workers,
    close: async () => {
      gate.close();
      await pool.close();
    },
  };
}

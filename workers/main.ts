/** A worker process: `--role control`, `--role data`, `--role device` or several of them. */
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createControlActivities } from '../activities/control/index.js';
import type { ActivityDependencies } from '../activities/dependencies.js';
import { forgetLocalStates } from '../activities/session/local-state.js';
import { resolveConnection } from '../infra/connection.js';
import { openObjectStore, withBucket } from '../storage/object-store.js';
import { CONTROL_QUEUE } from '../workflows/handlers.js';
import { dataPart } from './data-part.js';
import { devicePart } from './device-part.js';
import { reportLeft } from './left-sessions.js';
import { watchForPreemption } from './preemption.js';
import { readSettings } from './settings.js';
import { openWorkFolder } from './work-folder.js';
import { versioned, workerDefaults } from './worker-options.js';

const { values } = parseArgs({
  options: { role: { type: 'string', multiple: true, default: ['control', 'data', 'device'] } },
});
const known = ['control', 'data', 'device'];
const roles = new Set(values.role);
for (const role of roles) {
  if (!known.includes(role)) throw new Error(`--role: expected ${known.join(', ')}, found ${role}`);
}

Runtime.install({ logger: new DefaultLogger('INFO'), shutdownSignals: [] });
if (process.channel) process.on('disconnect', () => process.exit(1)); // the supervisor is gone, and takes us with it

const settings = readSettings(process.env);
await mkdir(settings.scratch, { recursive: true });
const { temporal, store: storeSettings } = await resolveConnection(process.env, process.cwd());
const connection = await NativeConnection.connect(temporal.connectionOptions);
const { workFolder, left } = await openWorkFolder(settings.scratch);
const store = openObjectStore(storeSettings);
const cacheFolder = join(settings.scratch, 'cache');
const dependencies: ActivityDependencies = {
  store,
  cacheFolder,
  statesFolder: join(settings.scratch, 'states'),
  workFolder,
  settled: new Map(),
  shardRows: settings.shardRows,
  partRows: settings.partRows,
  dataFolders: settings.dataFolders,
  withBucket: (bucket, use) => withBucket(storeSettings, bucket, use),
};

void forgetLocalStates(dependencies).catch((error: unknown) =>
  Runtime.instance().logger.warn('copies of checkpoints stay', { error }),
);
void reportLeft(left, { connection, namespace: temporal.namespace }, (sentence) =>
  Runtime.instance().logger.warn(sentence),
);

const shared = { ...workerDefaults, connection, namespace: temporal.namespace };
const controlWorkers: Worker[] = [];
if (roles.has('control')) {
  const bundle = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));
  controlWorkers.push(
    await Worker.create({
      ...shared,
      taskQueue: CONTROL_QUEUE,
      workflowBundle: { codePath: bundle },
      activities: createControlActivities(dependencies),
      shutdownGraceTime: settings.graceMs,
      ...(settings.version && { workerDeploymentOptions: versioned(settings.version) }),
    }),
  );
}
const { namespace } = temporal;
const data = roles.has('data') ? await dataPart({ settings, dependencies, connection, namespace }) : null;
const dataWorkers = data ? [data.worker] : [];
const device = roles.has('device') ? await devicePart({ settings, dependencies, connection, namespace }) : null;
// Its supervisor starts it again, and then an engine may start. Without a device by setting it has nothing to do but to wait.
if (roles.has('device') && !device && roles.size === 1 && settings.slots > 0) process.exit(1);
const deviceWorkers = device?.workers ?? [];

// SIGTERM: take no new session, stop after the current step, let each session commit and be closed by its workflow (which a
// control worker of this process must still serve), then end.
let stopping = false;
let end = (): void => undefined;
const asked = new Promise<void>((resolve) => (end = resolve));
const stop = (): void => {
  if (stopping) return;
  stopping = true;
  device?.drain();
  shutDown(dataWorkers);
  shutDown(deviceWorkers.length > 0 ? deviceWorkers : controlWorkers);
  setTimeout(() => process.exit(1), settings.graceMs + 10_000).unref();
  end();
};
process.on('SIGTERM', stop);
// A control worker holds nothing, and serves the workflows by which sessions are closed, to the last.
if (roles.has('device')) {
  watchForPreemption(settings.preemption, (what) => {
    console.error(`this machine is about to be taken away: ${what}; the worker drains`);
    stop();
  });
}
process.on('SIGINT', () => undefined); // a terminal's Ctrl-C is the supervisor's to handle

function shutDown(workers: readonly Worker[]): void {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
}

process.send?.('ready');
const controlDone = Promise.all(controlWorkers.map((worker) => worker.run()));
const dataDone = Promise.all(dataWorkers.map((worker) => worker.run()));
if (deviceWorkers.length + controlWorkers.length + dataWorkers.length === 0) {
  const awake = setInterval(() => undefined, 60_000); // a promise alone keeps no process
  await asked;
  clearInterval(awake);
}
await Promise.all(deviceWorkers.map((worker) => worker.run()));
if (deviceWorkers.length > 0) shutDown(controlWorkers);
await controlDone;
await dataDone;
await data?.close();
await device?.close();
await connection.close();
process.exit(0);

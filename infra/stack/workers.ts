import type { ServerContext } from './servers.js';
import { bucket, namespace, region } from './servers.js';
import { logFileOf } from './logs.js';
import type { ProcessSpec } from './supervise.js';

export interface WorkerSpec {
  readonly name: string;
  /** Absolute path of a built JavaScript file. It exits when its IPC channel closes, drains on SIGTERM, and may send `'ready'`. */
  readonly entry: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Stopped when the others have ended: they need it to end well. */
  readonly stopsLast?: boolean;
}

/** Settings of the user's own cluster and cloud, which would turn a worker of the embedded stack elsewhere. */
const notForWorkers = /^(TEMPORAL_.*|AWS_PROFILE|AWS_SESSION_TOKEN|AWS_ENDPOINT_URL.*|TEMPER_S3_.*|TEMPER_HOME)$/;

export const workerSpec = (
  worker: WorkerSpec,
  { folder, ports, credentials, env }: ServerContext,
  graceSeconds: number,
): ProcessSpec => ({
  name: worker.name,
  command: process.execPath,
  args: [worker.entry, ...worker.args],
  env: {
    ...Object.fromEntries(Object.entries(env).filter(([name]) => !notForWorkers.test(name))),
    TEMPORAL_ADDRESS: `127.0.0.1:${ports.temporal}`,
    TEMPORAL_NAMESPACE: namespace,
    TEMPORAL_CONFIG_FILE: folder.temporalProfile, // TLS or API key of the user's own profile would be merged in otherwise
    TEMPER_S3_ENDPOINT: `http://127.0.0.1:${ports.s3}`,
    TEMPER_S3_BUCKET: bucket,
    TEMPER_S3_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', // seven lines per worker about Node 20
    TEMPER_SCRATCH: folder.scratch,
    TEMPER_GRACE_SECONDS: String(Math.max(1, graceSeconds)),
    ...worker.env,
  },
  logFile: logFileOf(folder.logs, worker.name),
  ipc: true,
});

/** One control worker, one that prepares data, and as many that train as asked for: each may hold a device. */
export const defaultWorkers = (entry: string, deviceWorkers: number, env: NodeJS.ProcessEnv): WorkerSpec[] => [
  // A training activity that is asked to stop ends by its workflow's next step, and workflows run in this one.
  {
    name: 'control',
    entry,
    args: ['--role', 'control'],
    stopsLast: true,
    // Schedules read data when they fire: this machine's user has made them.
    env: { TEMPER_DATA_FOLDERS: env['TEMPER_DATA_FOLDERS'] ?? '/' },
  },
  { name: 'data', entry, args: ['--role', 'data'] },
  ...Array.from({ length: deviceWorkers }, (_, index) => ({
    name: index === 0 ? 'device' : `device-${index + 1}`,
    entry,
    args: ['--role', 'device'],
    env: {
      TEMPER_DEVICE_SLOTS: env['TEMPER_DEVICE_SLOTS'] ?? String(deviceWorkers),
      // Only who holds the stack's S3 keys can put a module there, and that is who started it.
      TEMPER_ALLOW_MODULES: env['TEMPER_ALLOW_MODULES'] ?? '1',
    },
  })),
];

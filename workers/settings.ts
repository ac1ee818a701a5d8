import { availableParallelism } from 'node:os';
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import type { DeploymentVersion } from './worker-options.js';
import type { PreemptionSettings } from './preemption.js';

/** What a worker reads from its environment; Temporal's and S3's own variables are read by infra/connection.ts. */
const schema = z.object({
  /** Local copies, snapshots and logs of engines. */
  TEMPER_SCRATCH: z.string().min(1).default('/var/tmp/temper'),
  /** Sessions that may run at once on this host, over all its workers. 0: there is no device here. */
  TEMPER_DEVICE_SLOTS: z.coerce.number().int().nonnegative().default(1),
  /** An engine that stands still for this long in mid-training hangs; other times follow from it (engine/watchdog.ts). */
  TEMPER_PATIENCE_SECONDS: z.coerce.number().positive().default(60),
  /** From SIGTERM to the end: a step, a snapshot and its upload have to fit. */
  TEMPER_GRACE_SECONDS: z.coerce.number().positive().default(60),
  /** Threads of an op where a job pins none. */
  TEMPER_THREADS: z.coerce.number().int().positive().optional(),
  /** Rows of a shard of prepared data, at most. */
  TEMPER_SHARD_ROWS: z.coerce.number().int().positive().optional(),
  /** Threads of a data worker, each with its own memory; default: one a core, at most 2, which fit into 512 MiB. */
  TEMPER_DATA_THREADS: z.coerce.number().int().positive().optional(),
  /** JavaScript's memory of one of them. */
  TEMPER_DATA_THREAD_MIB: z.coerce.number().int().min(32).default(96),
  /** Rows of a part of a source, at most. */
  TEMPER_PART_ROWS: z.coerce.number().int().positive().optional(),
  /** Both or none: the version that a cluster knows this worker's workflows by. */
  TEMPER_DEPLOYMENT: z.string().min(1).optional(),
  TEMPER_BUILD_ID: z.string().min(1).optional(),
  /** 1: whoever submits a job whose model is a module runs code here. */
  TEMPER_ALLOW_MODULES: z.enum(['0', '1']).default('0'),
  /** A path that appears, or a URL that answers, when the machine is about to be taken away (workers/preemption.ts). */
  TEMPER_PREEMPTION_FILE: z.string().min(1).optional(),
  TEMPER_PREEMPTION_URL: z.url().optional(),
  TEMPER_PREEMPTION_HEADER: z
    .string()
    .regex(/^[\w-]+:/, 'expected `Name: value`')
    .optional(),
  TEMPER_PREEMPTION_MATCH: z.string().default(''),
  /** Folders that schedules may read data from when they fire, separated by colons. */
  TEMPER_DATA_FOLDERS: z
    .string()
    .default('')
    .transform((text) => text.split(':').filter((folder) => folder !== ''))
    .refine((folders) => folders.every((folder) => isAbsolute(folder)), 'expected absolute paths separated by colons'),
});

/** A thread takes 60 MiB and what its part needs: more than these may need more than 512 MiB. */
const MOST_DATA_THREADS = 2;

export interface WorkerSettings {
  readonly scratch: string;
  readonly slots: number;
  readonly graceMs: number;
  readonly patienceMs: number;
  readonly defaultThreads: number;
  readonly shardRows: number | null;
  /** Rows of a part of a source, at most; null: the usual size. */
  readonly partRows: number | null;
  readonly dataThreads: number;
  readonly dataThreadMiB: number;
  readonly allowModules: boolean;
  /** Of workflows only: queues of devices are never versioned. */
  readonly version: DeploymentVersion | null;
  readonly preemption: PreemptionSettings;
  readonly dataFolders: readonly string[];
}

export function readSettings(env: NodeJS.ProcessEnv): WorkerSettings {
  const parsed = schema.safeParse(env);
  if (!parsed.success) {
    const said = parsed.error.issues.map(
      ({ path, message }) => `${path.join('.')}: ${message}, found "${env[String(path[0])] ?? ''}"`,
    );
    throw new Error(`the worker's environment is wrong: ${said.join('; ')}`);
  }
  const { TEMPER_SCRATCH, TEMPER_DEVICE_SLOTS, TEMPER_GRACE_SECONDS, TEMPER_THREADS } = parsed.data;
  const { TEMPER_SHARD_ROWS, TEMPER_ALLOW_MODULES, TEMPER_PATIENCE_SECONDS } = parsed.data;
  return {
    scratch: TEMPER_SCRATCH,
    slots: TEMPER_DEVICE_SLOTS,
    graceMs: TEMPER_GRACE_SECONDS * 1000,
    patienceMs: TEMPER_PATIENCE_SECONDS * 1000,
    defaultThreads: TEMPER_THREADS ?? availableParallelism(),
    shardRows: TEMPER_SHARD_ROWS ?? null,
    partRows: parsed.data.TEMPER_PART_ROWS ?? null,
    dataThreads: parsed.data.TEMPER_DATA_THREADS ?? Math.min(availableParallelism(), MOST_DATA_THREADS),
    dataThreadMiB: parsed.data.TEMPER_DATA_THREAD_MIB,
    allowModules: TEMPER_ALLOW_MODULES === '1',
    version: versionOf(parsed.data.TEMPER_DEPLOYMENT, parsed.data.TEMPER_BUILD_ID),
    preemption: {
      file: parsed.data.TEMPER_PREEMPTION_FILE ?? null,
      url: parsed.data.TEMPER_PREEMPTION_URL ?? null,
      header: parsed.data.TEMPER_PREEMPTION_HEADER ?? null,
      match: new RegExp(parsed.data.TEMPER_PREEMPTION_MATCH),
    },
    dataFolders: parsed.data.TEMPER_DATA_FOLDERS,
  };
}

function versionOf(deploymentName: string | undefined, buildId: string | undefined): DeploymentVersion | null {
  if (deploymentName === undefined && buildId === undefined) return null;
  if (deploymentName !== undefined && buildId !== undefined) return { deploymentName, buildId };
  const [found, missing] = deploymentName === undefined ? ['BUILD_ID', 'DEPLOYMENT'] : ['DEPLOYMENT', 'BUILD_ID'];
  throw new Error(
    `the worker's environment is wrong: TEMPER_${found} is set, TEMPER_${missing} is not: set both or none`,
  );
}

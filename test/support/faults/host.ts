/**
 * A host of a world: a worker with scratch space of its own, and cables of its own to Temporal and to the store. Behind the
 * cable to the store stands a proxy that can do anything to a request.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkerSpec } from '../../../infra/stack/workers.js';
import { startFaultProxy, type FaultProxy } from '../s3-fault-proxy.js';
import { builtFile } from '../spawned-stack.js';
import { startLink, type Link } from './link.js';

export interface Host {
  readonly name: string;
  readonly s3: FaultProxy;
  readonly cables: readonly [temporal: Link, store: Link];
  readonly scratch: string;
  readonly worker: WorkerSpec;
  stop(): Promise<void>;
}

export interface HostOptions {
  readonly name: string;
  readonly role: 'control' | 'data' | 'device';
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where the servers are; known only once they run. */
  readonly ports: () => { readonly temporal: number; readonly s3: number };
}

export const scratchOf = (directory: string, name: string): string => join(directory, `scratch-${name}`);

export async function startHost({ name, role, folder, env, ports }: HostOptions): Promise<Host> {
  const s3 = await startFaultProxy(() => `http://127.0.0.1:${ports().s3}`);
  const temporal = await startLink(() => ports().temporal);
  const store = await startLink(() => Number(new URL(s3.endpoint).port));
  const scratch = scratchOf(folder, name);
  mkdirSync(scratch, { recursive: true });
  const worker: WorkerSpec = {
    name,
    entry: builtFile('workers/main.ts'),
    args: ['--role', role],
    stopsLast: role === 'control',
    env: {
      TEMPORAL_ADDRESS: `127.0.0.1:${temporal.port}`,
      TEMPER_S3_ENDPOINT: `http://127.0.0.1:${store.port}`,
      TEMPER_SCRATCH: scratch,
      TEMPER_THREADS: '2',
      TF_CPP_MIN_LOG_LEVEL: '2',
      ...env,
    },
  };
  const stop = async () => {
    await Promise.all([temporal.stop(), store.stop()]);
    await s3.stop();
  };
  return { name, s3, cables: [temporal, store], scratch, worker, stop };
}

/**
 * A world to be hurt: Temporal, an S3 server, a control worker, one for data and one or more device hosts, each a real process under the product's
 * supervisor, with fault proxies in between. Nothing here waits for a fault to be survived: faults/attempt.ts does.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { readCredentials } from '../../../infra/stack/credentials.js';
import { stackFolder } from '../../../infra/stack/folder.js';
import type { Ports } from '../../../infra/stack/ports.js';
import { orphansOf, reclaim } from '../../../infra/stack/reclaim.js';
import { readRecord, type StackRecord } from '../../../infra/stack/record.js';
import { openObjectStore, type ObjectStore } from '../../../storage/object-store.js';
import { makeTemporaryFolder, removeFolder } from '../temporary-folder.js';
import { startHost, type Host } from './host.js';
import { signalAll } from './processes.js';
import { startSupervisor, type Supervisor } from './supervisor.js';

export interface WorldOptions {
  /** Hosts with a device: `device`, `device-2`. Default: 1. */
  readonly devices?: number;
  /** For the worker of that name, and so for its engines; `directory` is the world's. */
  readonly env?: (name: string, directory: string) => Readonly<Record<string, string>>;
}

export interface World {
  readonly folder: string;
  /** The parent of the folder, for job files and data. */
  readonly directory: string;
  readonly hosts: readonly Host[];
  readonly client: Client;
  /** Straight to the store, around every proxy. */
  readonly store: ObjectStore;
  record(): StackRecord;
  host(name: string): Host;
  /** Process ids that got the signal. */
  signal(name: string, signal: NodeJS.Signals): number[];
  /** The supervisor again, after it was killed. */
  up(): Promise<void>;
  /** `before`: called when all is quiet, before the folder is removed. */
  stop(before?: () => void): Promise<void>;
}

export async function startWorld({ devices = 1, env = () => ({}) }: WorldOptions = {}): Promise<World> {
  const directory = makeTemporaryFolder();
  const folder = join(directory, '.temper');
  mkdirSync(folder, { mode: 0o700 });
  let ports: Ports | null = null;
  const whenUp = (): Ports => {
    if (!ports) throw new Error('the servers are not up yet');
    return ports;
  };
  const names = [
    'control',
    'data',
    ...Array.from({ length: devices }, (_, i) => (i === 0 ? 'device' : `device-${i + 1}`)),
  ];
  const hosts = await Promise.all(
    names.map((name) =>
      startHost({
        name,
        role: name === 'control' || name === 'data' ? name : 'device',
        folder: directory,
        env: env(name, directory),
        ports: whenUp,
      }),
    ),
  );
  const workers = hosts.map(({ worker }) => worker);
  const record = (): StackRecord => {
    const found = readRecord(join(folder, 'stack.json'));
    if (!found) throw new Error(`${folder} has no record of a stack`);
    return found;
  };
  const starting = startSupervisor(folder, workers);
  while (!ports) {
    // Workers look for the servers before all of them poll.
    ports = readRecord(join(folder, 'stack.json'))?.ports ?? null;
    await Promise.race([starting, pause(20)]);
  }
  let supervisor: Supervisor = await starting;
  const connection = await Connection.connect({ address: `127.0.0.1:${ports.temporal}`, connectTimeout: 20_000 });
  const { bucket, region } = record();
  const credentials = await readCredentials(stackFolder(folder).credentials);
  const endpoint = `http://127.0.0.1:${ports.s3}`;
  const store = openObjectStore({ endpoint, region, bucket, forcePathStyle: true, credentials });
  return {
    folder,
    directory,
    hosts,
    client: new Client({ connection, namespace: record().namespace }),
    store,
    record,
    host: (name) => hosts.find((each) => each.name === name)!,
    signal: (name, signal) => signalAll(folder, name, signal),
    up: async () => {
      await supervisor.stop();
      supervisor = await startSupervisor(folder, workers);
    },
    stop: async (before) => {
      for (const { name } of hosts) signalAll(folder, name, 'SIGCONT');
      await supervisor.stop();
      await reclaim(orphansOf(folder, readRecord(join(folder, 'stack.json'))), 0);
      store.close();
      await connection.close();
      await Promise.all(hosts.map((host) => host.stop()));
      before?.();
      removeFolder(directory);
    },
  };
}

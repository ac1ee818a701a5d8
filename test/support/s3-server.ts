import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { partPaths } from '../../infra/parts.mjs';
import { S3_SETTINGS } from '../../infra/stack/servers.js';
import { isStoreError } from '../../storage/errors.js';
import { openObjectStore, type ObjectStore, type StoreSettings } from '../../storage/object-store.js';

/** A versitygw of its own on a free port of 127.0.0.1 and a folder of its own. */
export interface S3Server {
  readonly settings: StoreSettings & { readonly endpoint: string };
  /** Where the bucket's objects lie as files, to damage them. */
  readonly bucketFolder: string;
  /** Where it keeps its buckets' objects, and what it knows of them. */
  readonly folders: { readonly objects: string; readonly metadata: string };
  /** Another store on the same bucket. */
  open(settings?: Partial<StoreSettings>): ObjectStore;
  kill(): Promise<void>;
  /** On the same folder and port; answers when it serves. */
  restart(): Promise<void>;
  /** Ends it and deletes its folder. */
  stop(): Promise<void>;
}

/** Between a port is found free and the server takes it, somebody else may have it: who answers there has another secret. */
const PORTS_TRIED = 5;

export async function startS3Server(): Promise<S3Server> {
  for (let tried = 1; ; tried++) {
    const folder = await mkdtemp(join(tmpdir(), 'temper-s3-'));
    try {
      return await serveOn(folder, await freePort());
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      if (tried === PORTS_TRIED) throw error;
    }
  }
}

async function serveOn(folder: string, port: number): Promise<S3Server> {
  const folders = { objects: join(folder, 'data'), metadata: join(folder, 'sidecar') };
  for (const each of Object.values(folders)) await mkdir(each);
  const settings = {
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    bucket: 'temper-test',
    forcePathStyle: true,
    credentials: { accessKeyId: 'tester', secretAccessKey: `a-secret-for-tests-only-${randomUUID()}` },
  };
  const stores: ObjectStore[] = [];
  let server: ChildProcess | null = null;

  const open = (changed: Partial<StoreSettings> = {}): ObjectStore => {
    const store = openObjectStore({ ...settings, ...changed });
    stores.push(store);
    return store;
  };
  const start = async (): Promise<void> => {
    server = serve(folders, port, settings.credentials);
    const store = openObjectStore(settings);
    try {
      for (let tries = 0; ; tries++) {
        try {
          return await store.ensureBucket();
        } catch (error) {
          if (server.exitCode !== null || tries > 100 || !isStoreError(error, 'unreachable')) throw error;
          await setTimeout(50);
        }
      }
    } finally {
      store.close();
    }
  };
  const kill = async (): Promise<void> => {
    if (server === null || server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
  };
  await start().catch(async (error: unknown) => {
    await kill();
    throw error;
  });
  return {
    settings,
    bucketFolder: join(folders.objects, settings.bucket),
    folders,
    open,
    kill,
    restart: start,
    stop: async () => {
      for (const store of stores) store.close();
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function serve(
  { objects, metadata }: S3Server['folders'],
  port: number,
  credentials: { accessKeyId: string; secretAccessKey: string },
): ChildProcess {
  const binary = partPaths().versitygw;
  if (!existsSync(binary)) throw new Error(`${binary} is not there: run \`npm run setup\``);
  return spawn(binary, ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', '--sidecar', metadata, objects], {
    stdio: 'ignore',
    env: {
      ...process.env,
      ...S3_SETTINGS,
      ROOT_ACCESS_KEY_ID: credentials.accessKeyId,
      ROOT_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
  });
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

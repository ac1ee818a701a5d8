import {
  BucketAlreadyExists,
  BucketAlreadyOwnedByYou,
  CreateBucketCommand,
  HeadBucketCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { Connection } from '@temporalio/client';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import type { S3Credentials } from './credentials.js';
import type { StackFolder } from './folder.js';
import { dropHalfStored } from './half-stored.js';
import { logFileOf } from './logs.js';
import type { Ports } from './ports.js';
import type { ProcessSpec } from './supervise.js';

export const namespace = 'default';
export const bucket = 'temper';
export const region = 'us-east-1';

export interface ServerContext {
  readonly folder: StackFolder;
  readonly ports: Ports;
  readonly credentials: S3Credentials;
  /** Of every child: the mark by which a later `up` finds it. */
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Of four partitions of each task queue (the default), one server asks three for what the first has: 40 % of its processor time
 * at rest. An older database keeps them, since a task that waits in one that nobody reads would wait for ever.
 */
const ONE_PARTITION = ['matching.numTaskqueueReadPartitions=1', 'matching.numTaskqueueWritePartitions=1'];

/** How the embedded Temporal keeps what it is told. */
export const keptIn = (database: string, onePartition: boolean): readonly string[] => [
  ...['--db-filename', database],
  // What is committed is as durable as with a rollback journal, for a fifth less work: one file is synced and none deleted.
  ...['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=full'],
  ...(onePartition ? ONE_PARTITION : []).flatMap((setting) => ['--dynamic-config-value', setting]),
];

export const temporalSpec = (command: string, { folder, ports, env }: ServerContext): ProcessSpec => ({
  name: 'temporal',
  command,
  args: [
    ...['server', 'start-dev', '--namespace', namespace],
    ...['--ip', '127.0.0.1', '--port', String(ports.temporal)],
    ...['--ui-ip', '127.0.0.1', '--ui-port', String(ports.ui)],
    ...['--log-level', 'warn'],
    ...keptIn(folder.database, existsSync(folder.onePartition)),
  ],
  env,
  logFile: logFileOf(folder.logs, 'temporal'),
  ipc: false,
});

/** ETags of the SHA-256 that is sent along, and compared, anyway: the MD5 of the default was half of the server's work on a checkpoint. */
export const S3_SETTINGS = { VGW_DATA_INTEGRITY_ETAG: 'true' };

export const s3Spec = (command: string, { folder, ports, credentials, env }: ServerContext): ProcessSpec => ({
  name: 's3',
  command,
  args: ['--port', `127.0.0.1:${ports.s3}`, '--quiet', 'posix', '--sidecar', folder.metadata, folder.objects],
  // By the environment, which only the owner can read; an argument list is everybody's.
  env: {
    ...env,
    ...S3_SETTINGS,
    ROOT_ACCESS_KEY_ID: credentials.accessKeyId,
    ROOT_ACCESS_KEY: credentials.accessKeyId,
    ROOT_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    ROOT_SECRET_KEY: credentials.secretAccessKey,
  },
  logFile: logFileOf(folder.logs, 's3'),
  ipc: false,
  beforeStart: () => dropHalfStored(folder),
});

export const writeTemporalProfile = ({ folder, ports }: ServerContext): Promise<void> =>
  writeFile(
    folder.temporalProfile,
    `[profile.default]\naddress = "127.0.0.1:${ports.temporal}"\nnamespace = "${namespace}"\n`,
    { mode: 0o600 },
  );

/** gRPC waits a second before it tries a refused port again; a bare connection says at once. */
const portOpen = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 1_000 }, () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => socket.destroy(new Error('no connection within 1 s')));
    socket.once('error', reject);
  });

/** The dev server forgets what ended a day ago: a weekly run would not know the one before it. */
const RETENTION_DAYS = 90;
const retention = { seconds: (RETENTION_DAYS * 86_400) as never, nanos: 0 };

/** Ready when the namespace answers a question that needs it, not just when the port is open. */
export const probeTemporal = async ({ ports }: ServerContext): Promise<void> => {
  await portOpen(ports.temporal);
  const connection = await Connection.connect({ address: `127.0.0.1:${ports.temporal}`, connectTimeout: 1_000 });
  try {
    await connection.withDeadline(Date.now() + 2_000, () =>
      connection.workflowService.listWorkflowExecutions({ namespace, pageSize: 1 }),
    );
    const config = { workflowExecutionRetentionTtl: retention };
    await connection.withDeadline(Date.now() + 2_000, () =>
      connection.workflowService.updateNamespace({ namespace, config }),
    );
  } finally {
    await connection.close();
  }
};

/** Ready when the bucket is there; the first time it is created. */
export const probeS3 = async ({ ports, credentials }: ServerContext): Promise<void> => {
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${ports.s3}`,
    region,
    forcePathStyle: true,
    credentials: { ...credentials }, // the SDK writes into it
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
  });
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if ((error as { name?: string }).name !== 'NotFound') throw error;
    await client.send(new CreateBucketCommand({ Bucket: bucket })).catch((failure: unknown) => {
      if (failure instanceof BucketAlreadyOwnedByYou || failure instanceof BucketAlreadyExists) return;
      throw failure;
    });
  } finally {
    client.destroy();
  }
};

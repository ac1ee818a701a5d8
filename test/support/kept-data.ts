import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Client, Connection } from '@temporalio/client';
import { join } from 'node:path';
import { readCredentials } from '../../infra/stack/credentials.js';
import type { Ports } from '../../infra/stack/ports.js';

const withTemporal = async <T>(ports: Ports, action: (client: Client) => Promise<T>): Promise<T> => {
  const connection = await Connection.connect({ address: `127.0.0.1:${ports.temporal}`, connectTimeout: 10_000 });
  try {
    return await action(new Client({ connection }));
  } finally {
    await connection.close();
  }
};

const withS3 = async <T>(folder: string, ports: Ports, action: (client: S3Client) => Promise<T>): Promise<T> => {
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${ports.s3}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: await readCredentials(join(folder, 's3-credentials')),
  });
  try {
    return await action(client);
  } finally {
    client.destroy();
  }
};

/** Leaves a running workflow (nobody serves its queue) and an object. */
export const leaveData = async (folder: string, ports: Ports): Promise<void> => {
  await withTemporal(ports, (client) => client.workflow.start('kept', { taskQueue: 'nobody', workflowId: 'kept' }));
  await withS3(folder, ports, (s3) => s3.send(new PutObjectCommand({ Bucket: 'temper', Key: 'kept', Body: 'kept' })));
};

/** Whether both are as they were left. */
export const findData = async (folder: string, ports: Ports): Promise<{ workflow: string; object: string }> => ({
  workflow: await withTemporal(
    ports,
    async (client) => (await client.workflow.getHandle('kept').describe()).status.name,
  ),
  object: await withS3(folder, ports, async (s3) => {
    const found = await s3.send(new GetObjectCommand({ Bucket: 'temper', Key: 'kept' }));
    return (await found.Body?.transformToString()) ?? '';
  }),
});

export const keptData = { workflow: 'RUNNING', object: 'kept' };

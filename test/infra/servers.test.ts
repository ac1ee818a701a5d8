import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { prepareFolder } from '../../infra/stack/folder.js';
import { temporalSpec } from '../../infra/stack/servers.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const ports = { temporal: 1, ui: 2, s3: 3 };
const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };

/** What Temporal is told of its task queues' partitions when a stack with this folder starts. */
const partitionsIn = async (root: string): Promise<readonly string[]> => {
  const folder = await prepareFolder(root);
  const { args } = temporalSpec('temporal', { folder, ports, credentials, env: {} });
  return args.filter((arg) => arg.startsWith('matching.'));
};

const one = ['matching.numTaskqueueReadPartitions=1', 'matching.numTaskqueueWritePartitions=1'];

it('task queues of a new database have one partition, also when it starts again', async () => {
  const root = temporaryFolder();
  expect(await partitionsIn(root)).toEqual(one);
  writeFileSync(`${root}/temporal.sqlite`, '');
  expect(await partitionsIn(root)).toEqual(one);
});

it('a database made before that keeps its partitions: tasks may wait in them', async () => {
  const root = temporaryFolder();
  writeFileSync(`${root}/temporal.sqlite`, '');
  expect(await partitionsIn(root)).toEqual([]);
  expect(await partitionsIn(root)).toEqual([]);
});

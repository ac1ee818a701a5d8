import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readCredentials } from '../../infra/stack/credentials.js';
import { repositoryRoot } from '../../infra/parts/root.mjs';
import { objectsBelow } from '../support/bucket.js';
import { eventually } from '../support/poll.js';
import {
  SMALL_PARTS,
  contentOf,
  partsOf,
  prepare,
  preparedBy,
  workersOf,
  writeDataJob,
  writeRows,
  type PreparedData,
} from '../support/preparations.js';
import { withClient } from '../support/runs.js';
import { startTestStack, type TestStack } from '../support/stack.js';

const ROWS = 1_000;
/** The line that names the columns is a record of the first one; one row is left for the last. */
const PARTS = 26;

const stackWith = async (env: NodeJS.ProcessEnv = {}): Promise<TestStack> => {
  const stack = await startTestStack({ upArgs: ['--device-workers', '0'], env: { ...SMALL_PARTS, ...env } });
  writeRows(stack.directory, ROWS);
  writeDataJob(stack.directory);
  return stack;
};

describe('data are prepared part by part', { timeout: 400_000 }, () => {
  let stack: TestStack;
  let untouched: PreparedData;

  beforeAll(async () => {
    stack = await stackWith({ TEMPER_DATA_THREADS: '2' });
    untouched = preparedBy(await prepare(stack, 'many.yaml'));
  }, 300_000);
  afterAll(() => stack.stop());

  const partsDone = (id: string, stage: Parameters<typeof partsOf>[2]) =>
    withClient(stack, (client) => partsOf(client, id, stage));

  it('every row is in one split, and every part was made once', async () => {
    const { rows, cleaning, files } = untouched;
    expect(cleaning.rowsRead).toBe(ROWS);
    expect(rows.train + rows.validation + rows.test).toBe(ROWS);
    expect(files.reduce((sum, file) => sum + file.rows, 0)).toBe(ROWS);
    expect(await partsDone(untouched.id, 'surveyParts')).toEqual({ found: 0, made: PARTS });
    expect(await partsDone(untouched.id, 'encodeParts')).toEqual({ found: 0, made: PARTS });
  });

  it('the manifest names the bytes that it was made of', () => {
    const source = readFileSync(join(stack.directory, 'many.csv'));
    const sha256 = createHash('sha256').update(source).digest('hex');
    expect(untouched.provenance.cut.files).toEqual([{ sha256, bytes: source.byteLength, format: 'csv' }]);
  });

  it('a second time nothing is done, and another batch size is no other data', async () => {
    const objects = objectsBelow(stack, 'datasets');
    const again = preparedBy(
      await prepare(stack, writeDataJob(stack.directory, { train: { batchSize: 8 } }, 'other.yaml')),
    );
    expect(contentOf(again)).toEqual(contentOf(untouched));
    expect(objectsBelow(stack, 'datasets')).toEqual(objects);
    expect(await partsDone(again.id, 'surveyParts')).toEqual({ found: 0, made: 0 });
  });

  it('of other settings for tokens alone the rows are not read and judged again', async () => {
    const shorter = writeDataJob(stack.directory, { data: { maxLength: 12 } }, 'shorter.yaml');
    const { id } = preparedBy(await prepare(stack, shorter));
    expect(await partsDone(id, 'surveyParts')).toEqual({ found: PARTS, made: 0 });
    expect(await partsDone(id, 'encodeParts')).toEqual({ found: 0, made: PARTS });
  });

  it('of rows that were appended only the parts with them are done again, where the split is by hash', async () => {
    const byHash = { split: { by: 'hash', key: 'id', train: 0.8, validation: 0.1, test: 0.1 } };
    writeRows(stack.directory, ROWS, 'growing.csv');
    const job = writeDataJob(stack.directory, { data: { source: 'growing.csv', ...byHash } }, 'growing.yaml');
    const before = preparedBy(await prepare(stack, job));
    const more = readFileSync(join(stack.directory, 'growing.csv'), 'utf8').split('\n').slice(1, 101);
    const appended = more.map((line, row) => line.replace(/^\d+/, String(ROWS + row)).replace('",', ' again",'));
    appendFileSync(join(stack.directory, 'growing.csv'), `${appended.join('\n')}\n`);

    const after = preparedBy(await prepare(stack, job));
    expect(after.cleaning.rowsRead).toBe(ROWS + 100);
    expect(await partsDone(after.id, 'surveyParts')).toEqual({ found: PARTS - 1, made: 3 });
    expect(await partsDone(after.id, 'encodeParts')).toEqual({ found: PARTS - 1, made: 3 });
    const kept = new Set(after.files.map(({ sha256 }) => sha256));
    const replaced = before.files.filter(({ sha256 }) => !kept.has(sha256));
    expect(replaced.map(({ rows }) => rows)).toEqual([1]);
  });

  it('two data workers share the parts', async () => {
    const second = await startWorker(stack);
    onTestFinished(async () => {
      second.kill('SIGKILL');
      await once(second, 'exit');
    });
    await eventually('the second data worker polls', async () => (await pollers(stack)) === 2, 120_000);
    const job = writeDataJob(stack.directory, { data: { maxLength: 16 }, seed: 11 }, 'shared.yaml');
    const { id } = preparedBy(await prepare(stack, job));
    expect((await withClient(stack, (client) => workersOf(client, id))).size).toBe(2);
    expect(await partsDone(id, 'encodeParts')).toEqual({ found: 0, made: PARTS });
  });

  it('what is wrong with the data is said in one sentence, wherever it is found', async () => {
    const text = readFileSync(join(stack.directory, 'many.csv'), 'utf8').split('\n');
    // Nothing looks at the rows before the worker does: the check on this machine is passed by.
    const wrong = [...text.slice(0, 600), '600,"one cell too few"', ...text.slice(600)].join('\n');
    appendFileSync(join(stack.directory, 'wrong.csv'), wrong);
    const job = writeDataJob(
      stack.directory,
      { data: { source: 'wrong.csv', badRows: { maxShare: 0 } } },
      'wrong.yaml',
    );
    const result = await prepare(stack, job);
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(/wrong\.csv:601: expected 3 cells/);
  });
});

describe('whatever is killed while data are prepared, the same data come out', () => {
  let untouched: PreparedData;
  let first: TestStack;
  beforeAll(async () => {
    first = await stackWith({ TEMPER_DATA_THREADS: '1' });
    untouched = preparedBy(await prepare(first, 'many.yaml'));
  }, 300_000);
  afterAll(() => first.stop());

  it('the data worker is killed at random moments', { timeout: 400_000 }, async () => {
    const stack = await stackWith({ TEMPER_DATA_THREADS: '2' });
    onTestFinished(() => stack.stop());
    const preparing = prepare(stack, 'many.yaml', 300_000);
    const killed = new Set<number>();
    for (let kills = 0; kills < 3; kills++) {
      await eventually(
        'a part is stored',
        () => objectsBelow(stack, 'datasets/parts').length > 10 * kills + 2,
        120_000,
      );
      await pause(randomInt(600));
      const { pid } = await eventually('the data worker runs', () => {
        const { data } = stack.pids();
        return data !== undefined && !killed.has(data) && stack.kill('data');
      });
      killed.add(pid);
    }
    expect(contentOf(preparedBy(await preparing))).toEqual(contentOf(untouched));
  });

  it('four threads make what one makes', { timeout: 300_000 }, async () => {
    const stack = await stackWith({ TEMPER_DATA_THREADS: '4' });
    onTestFinished(() => stack.stop());
    expect(contentOf(preparedBy(await prepare(stack, 'many.yaml')))).toEqual(contentOf(untouched));
  });
});

/** One more data worker beside the stack's own. */
async function startWorker(stack: TestStack): Promise<ChildProcess> {
  const { ports, bucket } = stack.record();
  const { accessKeyId, secretAccessKey } = await readCredentials(join(stack.folder, 's3-credentials'));
  return spawn(process.execPath, [join(repositoryRoot(), 'bin', 'temper.mjs'), 'worker', '--role', 'data'], {
    cwd: stack.directory,
    stdio: 'ignore',
    env: {
      ...stack.env,
      TEMPORAL_ADDRESS: `127.0.0.1:${ports.temporal}`,
      TEMPER_S3_ENDPOINT: `http://127.0.0.1:${ports.s3}`,
      TEMPER_S3_BUCKET: bucket,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      TEMPER_SCRATCH: join(stack.directory, 'second-scratch'),
    },
  });
}

/** Workers that poll the data queue. */
const pollers = (stack: TestStack): Promise<number> =>
  withClient(stack, async (client) => {
    const { pollers: found } = await client.workflowService.describeTaskQueue({
      namespace: stack.record().namespace,
      taskQueue: { name: 'temper-data' },
      taskQueueType: 2, // of activities
    });
    return new Set(found?.map(({ identity }) => identity)).size;
  });

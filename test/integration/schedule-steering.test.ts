import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { readCredentials } from '../../infra/stack/credentials.js';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { openObjectStore } from '../../storage/object-store.js';
import type { RunStatus } from '../../workflows/contract.js';
import { objectsBelow } from '../support/bucket.js';
import { endRuns, expectExit, runIs, runReaches, watchToEnd, withClient, writeTinyJob } from '../support/runs.js';
import { replaceRows, scheduleIs, showSchedule, type Shown } from '../support/schedules.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { TINY_GLOSSES } from '../support/tiny-run.js';

let stack: TestStack;
let job: string;
beforeAll(async () => {
  stack = await startTestStack();
  job = writeTinyJob(stack.directory, { train: { epochs: 1 } });
}, 300_000);
afterEach(() => endRuns(stack));
afterAll(() => stack.stop());

const schedule = (...args: string[]) => stack.temper(['schedule', ...args]);
const triggered = async (...args: string[]): Promise<string> => {
  const { run } = JSON.parse(expectExit(await schedule('trigger', ...args, '--json'))) as { run: string | null };
  if (run === null) throw new Error('the trigger started no run');
  return run;
};

it('what is wrong is said in a sentence, and nothing is created', async () => {
  const wrong = writeTinyJob(stack.directory, { train: { learningrate: 1 } }, 'wrong.yaml');
  const refusals: [string[], RegExp][] = [
    [['a', job, '--cron', '0 25 * * *'], /Field 2, the hour: expected 0 to 23 or \*, found 25/],
    [['a', job, '--cron', '0 3 * * *', '--time-zone', 'Europe/Berln'], /Did you mean Europe\/Berlin\?/],
    [['a', job, '--every', '0s'], /Expected a second at least/],
    [['a', job], /either --cron "0 3 \* \* 1" or --every 6h/],
    [['a', job, '--every', '1h', '--start-at', '2030-01-02', '--end-at', '2030-01-01'], /before --end-at/],
    [['a', wrong, '--every', '1h'], /wrong\.yaml:\d+:\d+: .*did you mean `learningRate`/],
    [['a', job, '--cron', '0 0 31 2 *'], /no such time comes, so nothing was created/],
  ];
  for (const [args, says] of refusals) {
    const { code, stderr } = await schedule('create', ...args);
    expect({ args, code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(says) as string });
  }
  expect(JSON.parse(expectExit(await schedule('list', '--json')))).toEqual([]);
  expect(objectsBelow(stack, 'sources')).toEqual([]);
  for (const each of ['show', 'pause', 'resume', 'trigger', 'delete'])
    expect((await schedule(each, 'nobody')).stderr).toContain('There is no schedule nobody');
});

it(
  'data at creation; what overlaps is refused, or cancels the run; a cancelled run is no failure',
  { timeout: 240_000 },
  async () => {
    const long = writeTinyJob(stack.directory, { train: { epochs: 500 } }, 'long.yaml');
    const flags = ['--every', '365d', '--data', 'at-creation', '--pause-on-failure', '--catch-up', '2h'];
    expect(expectExit(await schedule('create', 'frozen', long, ...flags))).toMatch(
      /as it was at .*: later changes do not count/,
    );
    expect((await schedule('create', 'frozen', long, '--every', '1h')).stderr).toMatch(
      /There is a schedule frozen already/,
    );
    replaceRows(stack, 'tiny-glosses.jsonl', 8);

    const first = await triggered('frozen');
    await runIs(stack, first, 'knows its data', ({ dataset }) => dataset?.rows.train === 192);
    const refused = await schedule('trigger', 'frozen');
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining(`${first} still runs`) as string });
    const second = await triggered('frozen', '--overlap', 'cancel-other');
    expect((await watchToEnd(stack, first)).state).toBe('cancelled');
    expectExit(await stack.temper(['cancel', second]));

    const ended = await scheduleIs(stack, 'frozen', 'has no run', ({ running }) => running.length === 0);
    expect(ended).toMatchObject({ paused: false, overlap: 'skip', catchUpMs: 7_200_000, pauseOnFailure: true });
    expect(ended.firings.map(({ run, state, follows }) => [run, state, follows])).toEqual([
      [second, 'cancelled', first],
      [first, 'cancelled', null],
    ]);
    // The server has seen how the second ended before it starts a third.
    const third = await triggered('frozen');
    const after = await showSchedule(stack, 'frozen');
    expect(after).toMatchObject({ paused: false, running: [third] });
    expectExit(await schedule('delete', 'frozen'));
    replaceRows(stack, 'tiny-glosses.jsonl', 1);
  },
);

it(
  'data on S3: read when it fires, and gone they fail the firing, which pauses the schedule',
  { timeout: 240_000 },
  async () => {
    const { ports, region, bucket } = stack.record();
    const credentials = await readCredentials(join(stack.folder, 's3-credentials'));
    const endpoint = `http://127.0.0.1:${ports.s3}`;
    const store = openObjectStore({ endpoint, region, bucket, forcePathStyle: true, credentials });
    await store.put('mine/glosses.jsonl', readFileSync(TINY_GLOSSES));
    const source = `s3://${bucket}/mine/glosses.jsonl`;
    const onS3 = writeTinyJob(stack.directory, { data: { source }, train: { epochs: 1 } }, 's3.yaml');
    expectExit(await schedule('create', 'remote', onS3, '--cron', '0 3 1 1 *', '--pause-on-failure'));

    const run = await triggered('remote');
    expect((await watchToEnd(stack, run)).state).toBe('done');
    const { status } = JSON.parse(expectExit(await stack.temper(['status', run, '--json']))) as { status: RunStatus };
    expect(status.dataset?.rows.train).toBe(192);

    expectExit(await schedule('create', 'hourly', onS3, '--every', '1h'));
    const tooLong = await schedule('backfill', 'hourly', '--from', '2020-01-01T00:00Z', '--to', '2026-01-01T00:00Z');
    expect(tooLong).toMatchObject({ code: 2, stderr: expect.stringContaining('nothing was started') as string });
    expect((await showSchedule(stack, 'hourly')).waiting).toBe(0);
    expectExit(await schedule('delete', 'hourly'));

    // A time that has passed, and again: the second time it has had its run.
    const span = ['--from', '2026-01-01T03:00Z', '--to', '2026-01-01T04:00Z'];
    expectExit(await schedule('backfill', 'remote', ...span));
    const backfilled = 'remote-2026-01-01T03-00-00Z';
    const twice = await scheduleIs(stack, 'remote', 'has fired for it', ({ firings }) => firings[0]?.state === 'done');
    const [first] = twice.firings;
    expect(twice.firings.map(({ run: each, follows }) => [each, follows])).toEqual([
      [backfilled, run],
      [run, null],
    ]);
    expectExit(await schedule('backfill', 'remote', ...span));
    const again = await scheduleIs(
      stack,
      'remote',
      'has fired again',
      (now) => now.fired === 3 && now.running.length === 0,
    );
    expect(again.firings[0]).toEqual(first);

    await store.delete(['mine/glosses.jsonl']);
    store.close();
    expectExit(await schedule('trigger', 'remote'));
    const failed = await scheduleIs(stack, 'remote', 'is paused', ({ paused }) => paused);
    expect(failed.firings[0]).toMatchObject({
      ...{ state: 'failed', follows: backfilled },
      problem: `data.source: there is no object ${source}`,
    });
    expect(failed.firings).toHaveLength(3);
    expectExit(await schedule('resume', 'remote'));
    const defaults = { overlap: 'skip', catchUpMs: 86_400_000, pauseOnFailure: true, leftOutTooLate: 0 };
    expect(await showSchedule(stack, 'remote')).toMatchObject({ paused: false, ...defaults });
    expectExit(await schedule('pause', 'remote', '--note', 'holidays'));
    expect(await showSchedule(stack, 'remote')).toMatchObject({ paused: true, note: 'holidays' });
  },
);

it('the server fires when and how it was asked to', async () => {
  const long = writeTinyJob(stack.directory, { train: { epochs: 500 } }, 'long.yaml');
  const times = ['--cron', '30 3 * * 1', '--time-zone', 'Europe/Berlin', '--jitter', '10m'];
  expectExit(await schedule('create', 'weekly', long, ...times, '--overlap', 'buffer-one', '--catch-up', '90s'));
  const { policies, spec, info } = await withClient(stack, (client) => client.schedule.getHandle('weekly').describe());
  expect(policies).toEqual({ overlap: 'BUFFER_ONE', catchupWindow: 90_000, pauseOnFailure: false });
  expect(spec).toMatchObject({ timezone: 'Europe/Berlin', jitter: 600_000 });
  const inBerlin = new Intl.DateTimeFormat('en-GB', {
    timeZone: 'Europe/Berlin',
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
  });
  expect(info.nextActionTimes.length).toBeGreaterThan(5);
  for (const at of info.nextActionTimes) expect(inBerlin.format(at)).toMatch(/^Mon 03:3\d$/);
  expect(new Set(info.nextActionTimes.map((at) => at.getTime() % 3_600_000)).size).toBeGreaterThan(1); // jitter

  const first = await triggered('weekly');
  const trigger = async (...args: string[]) => expectExit(await schedule('trigger', 'weekly', ...args));
  expect(await trigger()).toContain('it waits for the one before it');
  await trigger();
  const waits = await scheduleIs(stack, 'weekly', 'leaves one out', ({ leftOutOverlap }) => leftOutOverlap > 0);
  expect(waits).toMatchObject({ running: [first], waiting: 1, overlap: 'buffer-one' });
  const beside = await triggered('weekly', '--overlap', 'allow-all');
  const stateOf = ({ firings }: Shown) => Object.fromEntries(firings.map(({ run, state }) => [run, state]));
  const theyAre = (what: string, states: object) =>
    scheduleIs(stack, 'weekly', what, (now) => isDeepStrictEqual(stateOf(now), states));
  await theyAre('has two runs', { [beside]: 'running', [first]: 'running' });
  expectExit(await stack.temper(['cancel', beside]));
  const last = await triggered('weekly', '--overlap', 'terminate-other'); // the one that waited is dropped too
  await runReaches(stack, last, 1); // its firing was terminated, the first run cleaned up and gave the device back
  await theyAre('has one run', { [last]: 'running', [beside]: 'cancelled', [first]: 'cancelled' });
  expectExit(await schedule('delete', 'weekly'));
});

it('a run that fails pauses its schedule, where it was asked to', async () => {
  const path = join(stack.directory, 'changes.jsonl');
  copyFileSync(TINY_GLOSSES, path);
  const changes = writeTinyJob(stack.directory, { data: { source: path }, train: { epochs: 1 } }, 'changes.yaml');
  expectExit(await schedule('create', 'doomed', changes, '--every', '365d', '--pause-on-failure'));
  writeFileSync(path, '{"gloss": "a small bird", "topic": "animal"}\n'); // fine to read, and nothing to learn
  const run = await triggered('doomed');
  expect((await watchToEnd(stack, run)).state).toBe('failed');
  const { note } = await scheduleIs(stack, 'doomed', 'is paused', ({ paused }) => paused);
  expect(note).toMatch(/failure: doomed-.*expected at least two classes in column `topic`, found only `animal`/);
  expectExit(await schedule('delete', 'doomed'));
});

it('what ended is remembered for longer than the server does by itself', async () => {
  const days = await withClient(stack, async (client) => {
    const { config } = await client.workflowService.describeNamespace({ namespace: 'default' });
    return Number(config?.workflowExecutionRetentionTtl?.seconds) / 86_400;
  });
  expect(days).toBe(90);
});

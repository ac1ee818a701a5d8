import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunStatus } from '../../workflows/contract.js';
import { eventually } from '../support/poll.js';
import { expectExit, explain, runReaches, watchToEnd, writeTinyJob } from '../support/runs.js';
import { nthRun, replaceRows, scheduleIs } from '../support/schedules.js';
import { startTestStack, type TestStack } from '../support/stack.js';

const EVERY_MS = 6_000;

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
}, 300_000);
afterAll(() => stack.stop());

/** Kills Temporal, and lets it come back when a time of the schedule has passed without it. */
async function missOneTime(): Promise<{ fromMs: number; toMs: number }> {
  stack.kill('up', 'SIGSTOP'); // it would start it again at once
  try {
    stack.kill('temporal');
    const fromMs = Date.now();
    const missed = Math.ceil(fromMs / EVERY_MS) * EVERY_MS;
    await sleep(missed + 1_000 - fromMs);
    return { fromMs, toMs: Date.now() };
  } finally {
    stack.kill('up', 'SIGCONT');
  }
}

it(
  'fires five times: one missed while the server was down, one killed in the middle, one that had to wait for it',
  { timeout: 300_000 },
  async () => {
    const job = writeTinyJob(stack.directory, { train: { epochs: 1 } });
    const created = await stack.temper([
      'schedule',
      'create',
      'often',
      job,
      '--every',
      '6s',
      '--overlap',
      'buffer-all',
    ]);
    expect(expectExit(created)).toMatch(/tiny-glosses\.jsonl, read again by a control worker/);
    expect(created.stderr).toMatch(/it fires every 6 s: a run takes longer than that/);

    const first = await nthRun(stack, 'often', 1);
    const away = await missOneTime();

    // The data change: what a firing trains on is what it finds.
    const second = await eventually('the server is back', () => nthRun(stack, 'often', 2), 120_000);
    replaceRows(stack, 'tiny-glosses.jsonl', 8);
    const third = await nthRun(stack, 'often', 3);
    replaceRows(stack, 'tiny-glosses.jsonl', 1);
    await runReaches(stack, third, 60);
    stack.kill('device');

    const five = (
      await scheduleIs(
        stack,
        'often',
        'has had five runs',
        ({ firings }) => firings.slice(-5).every(({ closedAt }) => closedAt !== null) && firings.length >= 5,
      )
    ).firings
      .slice(-5)
      .reverse();
    expectExit(await stack.temper(['schedule', 'delete', 'often']));

    const runs = five.map(({ run }) => run);
    expect(runs.slice(0, 3)).toEqual([first, second, third]);
    expect(five.map(({ state }) => state)).toEqual(Array(5).fill('done'));
    // No time is left out, and each run is named by its time and knows the one before it.
    const times = five.map(({ scheduledAt }) => Date.parse(scheduledAt));
    expect(times).toEqual(times.map((_, i) => (times[0] ?? 0) + i * EVERY_MS));
    expect(runs).toEqual(
      times.map((time) => `often-${new Date(time).toISOString().slice(0, 19).replaceAll(':', '-')}Z`),
    );
    expect(five.map(({ follows }) => follows)).toEqual([null, ...runs.slice(0, 4)]);

    const missed = five.filter((_, i) => times[i]! > away.fromMs && times[i]! < away.toMs);
    expect(missed.length).toBeGreaterThanOrEqual(1);
    for (const { startedAt } of missed) expect(Date.parse(startedAt)).toBeGreaterThan(away.toMs);

    // One after the other, though the third was not done when the fourth was due.
    for (const [i, firing] of five.entries())
      if (i > 0) expect(Date.parse(firing.startedAt)).toBeGreaterThanOrEqual(Date.parse(five[i - 1]!.closedAt!));
    expect(times[3]).toBeLessThan(Date.parse(five[2]!.closedAt!));

    const { sessions, cost } = await explain(stack, third);
    expect(sessions.at(-1)).toMatchObject({ reason: 'session-lost' });
    expect(cost.recoveries).toBeGreaterThanOrEqual(1);
    expect(expectExit(await stack.temper(['explain', second]))).toContain(
      `${second} was fired by the schedule often for `,
    );
    expect(expectExit(await stack.temper(['explain', second]))).toContain(`it follows ${first}.`);

    const rows = await Promise.all(runs.map(rowsOf));
    expect(rows).toEqual([192, 192, 8 * 192, 192, 192]);
    const digests = await Promise.all(
      [0, 1, 3, 4].map(async (i) => (await watchToEnd(stack, runs[i]!)).result.final.stateDigest),
    );
    expect(new Set(digests).size).toBe(1); // the same data, the same weights

    const listed = JSON.parse(expectExit(await stack.temper(['list', '--schedule', 'often', '--json']))) as {
      run: string;
      firing: { follows: string | null };
    }[];
    expect(listed.filter(({ run }) => runs.includes(run)).map(({ run, firing }) => [run, firing.follows])).toEqual(
      runs.map((run, i) => [run, runs[i - 1] ?? null]).reverse(),
    );
  },
);

async function rowsOf(run: string): Promise<number | undefined> {
  const { status } = JSON.parse(expectExit(await stack.temper(['status', run, '--json']))) as { status: RunStatus };
  return status.dataset?.rows.train;
}

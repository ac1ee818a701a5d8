import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ASK_MS, eventually } from './poll.js';
import { expectExit, withClient } from './runs.js';
import type { TestStack } from './stack.js';

/** What `temper schedule show NAME --json` prints, as far as tests look. */
export interface Shown {
  readonly fired: number;
  readonly paused: boolean;
  readonly note: string | null;
  readonly running: readonly string[];
  readonly waiting: number;
  readonly leftOutOverlap: number;
  readonly leftOutTooLate: number;
  readonly overlap: string;
  readonly catchUpMs: number;
  readonly pauseOnFailure: boolean;
  readonly data: { readonly read: string };
  readonly firings: readonly {
    readonly scheduledAt: string;
    readonly startedAt: string;
    readonly closedAt: string | null;
    readonly run: string;
    readonly state: string;
    readonly follows: string | null;
    readonly problem: string | null;
  }[];
}

export const showSchedule = async (stack: TestStack, name: string): Promise<Shown> =>
  JSON.parse(expectExit(await stack.temper(['schedule', 'show', name, '--json']))) as Shown;

/** Waits until `show` says so; a server that is away is waited for. */
export const scheduleIs = (
  stack: TestStack,
  name: string,
  what: string,
  test: (shown: Shown) => boolean,
  withinMs = 120_000,
): Promise<Shown> =>
  eventually(
    `the schedule ${name} ${what}`,
    async () => {
      const shown = await showSchedule(stack, name);
      return test(shown) && shown;
    },
    withinMs,
    ASK_MS,
  );

/** The n-th run of the schedule (from 1), once it has begun: then it has read its data. */
export const nthRun = (stack: TestStack, name: string, n: number): Promise<string> =>
  withClient(stack, (client) =>
    eventually(
      `run ${n} of ${name} begins`,
      async () => {
        const runs: { id: string; at: number }[] = [];
        const query = `WorkflowType = "fineTune" AND WorkflowId STARTS_WITH "${name}-"`;
        for await (const { workflowId, startTime } of client.workflow.list({ query }))
          runs.push({ id: workflowId, at: startTime.getTime() });
        return runs.sort((a, b) => a.at - b.at)[n - 1]?.id;
      },
      120_000,
      ASK_MS,
    ),
  );

/** Replaces a data file as a careful user does: whoever reads it has either all of the old or all of the new one. */
export function replaceRows(stack: TestStack, file: string, times: number): void {
  const original = join(stack.directory, `${file}.original`);
  const path = join(stack.directory, file);
  try {
    readFileSync(original);
  } catch {
    copyFileSync(path, original);
  }
  writeFileSync(`${path}.new`, readFileSync(original, 'utf8').repeat(times));
  renameSync(`${path}.new`, path);
}

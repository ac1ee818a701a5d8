import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { CliError } from '../../infra/errors.js';
import { counted } from '../render/units.js';
import { runOfFiring } from '../../workflows/policies/firings.js';
import { isNotFound } from '../runs/temporal-failure.js';
import { describeSchedule, lastFirings, shown, type ShownSchedule } from './look.js';
import { overlapPolicy, type Overlap } from './options.js';

const STARTS_WITHIN_MS = 15_000;

/** What the user wants, else what the schedule does: the server's own default for these is another. */
const chosen = (asked: Overlap | undefined, { overlap }: ShownSchedule): Overlap => asked ?? overlap;

/** Fires now. @returns the run, or null while it has not begun. @throws CliError when nothing would start. */
export async function trigger(client: Client, schedule: string, asked?: Overlap): Promise<string | null> {
  const described = await describeSchedule(client, schedule);
  const before = shown(described);
  const overlap = chosen(asked, before);
  const [running] = before.running;
  if (overlap === 'skip' && running !== undefined)
    throw new CliError(
      `${running} still runs, and the overlap policy is skip: nothing would start. --overlap buffer-one starts a run after it, allow-all beside it.`,
    );
  await client.schedule.getHandle(schedule).trigger(overlapPolicy(overlap));
  const waits = running !== undefined && overlap.startsWith('buffer');
  return waits ? null : newRun(client, schedule, lastFirings(described));
}

/** The server starts it a moment later; it is there when its data are read. null: not within the time, or it ended without one. */
async function newRun(client: Client, schedule: string, before: readonly string[]): Promise<string | null> {
  const deadline = performance.now() + STARTS_WITHIN_MS;
  while (performance.now() < deadline) {
    const firing = lastFirings(await describeSchedule(client, schedule)).find((each) => !before.includes(each));
    if (firing !== undefined) {
      const ended = (await stateOf(client, firing)) !== 'RUNNING';
      const run = runOfFiring(firing);
      if ((await stateOf(client, run)) !== null) return run;
      if (ended) return null;
    }
    await pause(200);
  }
  return null;
}

/** null: there is none. */
async function stateOf(client: Client, workflow: string): Promise<string | null> {
  try {
    return (await client.workflow.getHandle(workflow).describe()).status.name;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/** Times of the schedule in a span, as the server counts them. */
async function timesIn(client: Client, schedule: string, from: Date, to: Date): Promise<number> {
  const stamp = (date: Date) => ({ seconds: Math.floor(date.getTime() / 1000) as never, nanos: 0 });
  const { startTime } = await client.workflowService.listScheduleMatchingTimes({
    namespace: client.options.namespace,
    scheduleId: schedule,
    startTime: stamp(from),
    endTime: stamp(to),
  });
  return startTime.length;
}

/** The server keeps so many waiting, and lists no more of a span's times. */
const MAX_WAITING = 1_000;

/** Fires for the times of a span that has passed; one run after the other, unless told otherwise. @returns how many. */
export async function backfill(
  client: Client,
  schedule: string,
  { from, to, overlap = 'buffer-all' }: { readonly from: Date; readonly to: Date; readonly overlap?: Overlap },
): Promise<number> {
  await describeSchedule(client, schedule);
  const after = new Date(from.getTime() - 1_000); // the server leaves the start itself out
  if (from > to) throw new CliError(`--from: expected a moment before --to, found ${from.toISOString()}.`);
  if (to.getTime() > Date.now())
    throw new CliError(`--to: expected a moment that has passed, found ${to.toISOString()}: it will fire then anyway.`);
  const times = await timesIn(client, schedule, after, to);
  if (times === 0)
    throw new CliError(
      `${schedule} has no time from ${from.toISOString()} to ${to.toISOString()}: nothing was started.`,
    );
  if (times >= MAX_WAITING)
    throw new CliError(
      `${schedule} has ${counted(times, 'time')} or more from ${from.toISOString()} to ${to.toISOString()}, and Temporal keeps no more than ${counted(MAX_WAITING, 'firing')} waiting: nothing was started. Choose a shorter span.`,
    );
  await client.schedule.getHandle(schedule).backfill({ start: after, end: to, overlap: overlapPolicy(overlap) });
  return times;
}

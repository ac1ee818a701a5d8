import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { eventsOf, millisOf, type HistoryEvent } from '../../test/support/history.js';
import { expectExit, withClient } from '../../test/support/runs.js';
import type { TestStack } from '../../test/support/stack.js';

export const WITHIN_MS = 3_600_000;
/** No checkpoint before the end of an epoch. */
export const NEVER = { everyMinutes: 10_000 };

/** Beside the demo's job: one epoch of it (if `overlay` does not say otherwise) on the rows of `source`, with checkpoints in it or with none before its end. */
export async function writeJob(
  jobFile: string,
  source: string,
  name: string,
  checkpoint: object,
  overlay: { readonly train?: object; readonly freeze?: object; readonly threads?: number } = {},
): Promise<string> {
  const job = parse(await readFile(jobFile, 'utf8')) as { train: object; data: object };
  const path = join(dirname(jobFile), `.bench-${name}.yaml`);
  const data = { ...job.data, source: basename(source) };
  const train = { ...job.train, epochs: 1, ...overlay.train };
  const kept = { ...checkpoint, keep: { last: 2, best: 1 } };
  await writeFile(path, stringify({ ...job, name: `bench-${name}`, data, ...overlay, train, checkpoint: kept }));
  return path;
}

/** Seconds from where it loads model and data to the last snapshot, as the run's history tells them. */
export async function trained(stack: TestStack, job: string): Promise<number> {
  const { fromMs, toMs } = await trainedFrom(stack, job);
  return (toMs - fromMs) / 1000;
}

export interface Trained {
  /** By the clock, from where the session begins to load model and data to the last snapshot. */
  readonly fromMs: number;
  readonly toMs: number;
  /** The steps after which there is a checkpoint, but for the last. */
  readonly boundaries: readonly number[];
}

export async function trainedFrom(stack: TestStack, job: string): Promise<Trained> {
  const said = expectExit(await stack.temper(['run', job, '--watch', '--json'], { timeoutMs: WITHIN_MS }));
  const { run } = (JSON.parse(said.trim().split('\n').at(-1) ?? '') as { result: { run: string } }).result;
  return withClient(stack, async (client) => segmentsOf(await eventsOf(client, run)));
}

function segmentsOf(events: readonly HistoryEvent[]): Trained {
  const scheduled = new Set(
    events
      .filter((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'trainEpoch')
      .map(({ eventId }) => String(eventId)),
  );
  const began = events.filter((event) =>
    scheduled.has(String(event.activityTaskStartedEventAttributes?.scheduledEventId)),
  );
  const ended = events.filter((event) =>
    scheduled.has(String(event.activityTaskCompletedEventAttributes?.scheduledEventId)),
  );
  const reached = ended.map(({ activityTaskCompletedEventAttributes: completed }) => {
    const data = completed?.result?.payloads?.[0]?.data ?? new Uint8Array();
    return (JSON.parse(Buffer.from(data).toString()) as { reached: { step: number } }).reached.step;
  });
  return {
    fromMs: Math.min(...began.map(millisOf)),
    toMs: Math.max(...ended.map(millisOf)),
    boundaries: reached.slice(0, -1),
  };
}

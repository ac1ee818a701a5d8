import type { ScheduleSpec } from '@temporalio/client';
import { CliError } from '../../infra/errors.js';
import { duration } from '../render/units.js';

/** When a schedule fires, as `temper schedule create` is told. */
export interface WhenOptions {
  readonly cron?: string;
  /** Milliseconds, as all that follow. */
  readonly every?: number;
  readonly offset?: number;
  readonly timeZone?: string;
  readonly jitter?: number;
  readonly startAt?: Date;
  readonly endAt?: Date;
}

const MINUTE_MS = 60_000;

/** @throws CliError when the options contradict each other. */
export function scheduleSpec(options: WhenOptions, nowMs: number): ScheduleSpec {
  const { cron, every, offset, timeZone, jitter, startAt, endAt } = options;
  if ((cron === undefined) === (every === undefined))
    throw new CliError('Say when it fires: either --cron "0 3 * * 1" or --every 6h.');
  if (offset !== undefined && every === undefined) throw new CliError('--offset belongs to --every.');
  if (offset !== undefined && every !== undefined && offset >= every)
    throw new CliError(`--offset: expected less than --every (${duration(every)}), found ${duration(offset)}.`);
  if (timeZone !== undefined && every !== undefined)
    throw new CliError('--time-zone belongs to --cron: intervals are counted from 1970-01-01T00:00Z.');
  if (startAt && endAt && startAt >= endAt)
    throw new CliError(
      `--start-at: expected a moment before --end-at, found ${startAt.toISOString()} and ${endAt.toISOString()}.`,
    );
  if (endAt && endAt.getTime() <= nowMs)
    throw new CliError(`--end-at: expected a moment to come, found ${endAt.toISOString()}.`);
  return {
    ...(cron !== undefined && { cronExpressions: [cron], timezone: timeZone ?? 'UTC' }),
    ...(every !== undefined && { intervals: [{ every, offset: offset ?? 0 }] }),
    jitter: jitter ?? 0,
    ...(startAt && { startAt }),
    ...(endAt && { endAt }),
  };
}

/** Every few seconds is for trying out: each firing opens a device session. */
export const tooOften = ({ every }: WhenOptions): string | null =>
  every !== undefined && every < MINUTE_MS
    ? `it fires every ${duration(every)}: a run takes longer than that; --every 1m or more is meant for work`
    : null;

/** `cron 0 3 * * 1 in Europe/Berlin`, `every 6 h 00 min, 15 min 00 s into it`. */
export function whenText({ cron, every, offset, timeZone, jitter, startAt, endAt }: WhenOptions): string {
  const times =
    cron !== undefined
      ? `cron ${cron} in ${timeZone ?? 'UTC'}`
      : `every ${duration(every ?? 0)}${offset ? `, ${duration(offset)} into it` : ''}`;
  return [
    times,
    ...(jitter ? [`up to ${duration(jitter)} later`] : []),
    ...(startAt ? [`from ${startAt.toISOString()}`] : []),
    ...(endAt ? [`until ${endAt.toISOString()}`] : []),
  ].join(', ');
}

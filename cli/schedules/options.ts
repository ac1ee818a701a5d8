/** How times, zones and policies are written on the command line. */
import { ScheduleOverlapPolicy } from '@temporalio/client';
import { Argument, InvalidArgumentError, Option } from 'commander';
import { nearest } from '../../job/nearest.js';
import { cronProblem } from './cron.js';

const UNITS = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 } as const;

/** `6h`, `90s`, `1d12h`: whole seconds. */
export function parseDuration(text: string): number {
  const form = /^(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text);
  if (text === '' || !form) throw new InvalidArgumentError('Expected a time such as 90s, 15m, 6h, 1d or 1d12h.');
  return Object.values(UNITS).reduce((sum, unit, i) => sum + Number(form[i + 1] ?? 0) * unit, 0);
}

/** What --every takes; the server counts in whole seconds, from 1. */
export function parseInterval(text: string): number {
  const everyMs = parseDuration(text);
  if (everyMs >= UNITS.s) return everyMs;
  throw new InvalidArgumentError('Expected a second at least.');
}

/** The server takes less than ten seconds for ten. */
export function parseCatchUp(text: string): number {
  const windowMs = parseDuration(text);
  if (windowMs >= 10 * UNITS.s) return windowMs;
  throw new InvalidArgumentError('Expected 10s at least.');
}

export function parseCron(text: string): string {
  const problem = cronProblem(text);
  if (problem) throw new InvalidArgumentError(problem);
  return text.trim().split(/\s+/).join(' ');
}

/** IANA's name, spelt as the server wants it. */
export function parseTimeZone(text: string): string {
  const known = [...Intl.supportedValuesOf('timeZone'), 'UTC'];
  if (known.includes(text) || isAlias(text, known)) return text;
  const city = (zone: string) => zone.split('/').at(-1) ?? zone;
  const near =
    nearest(text, known) ?? known.find((zone) => city(zone).toLowerCase() === city(text).toLowerCase()) ?? null;
  const hint = near
    ? `Did you mean ${near}?`
    : 'Names are those of the IANA database: Europe/Berlin, America/New_York.';
  throw new InvalidArgumentError(`There is no time zone ${text}. ${hint}`);
}

/** US/Pacific and the like: not among the canonical names, but valid as it is spelt. */
function isAlias(text: string, known: readonly string[]): boolean {
  if (!/^[A-Z][A-Za-z]+\/[A-Za-z0-9_+/-]+$/.test(text)) return false;
  if (known.some((zone) => zone.toLowerCase() === text.toLowerCase())) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return true;
  } catch {
    return false;
  }
}

/** A moment that means the same everywhere: `2026-12-01T03:00Z`, `2026-12-01T03:00+01:00`, or a day, from 00:00 UTC. */
export function parseMoment(text: string): Date {
  const form = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2}))?$/;
  const date = new Date(text);
  if (form.test(text) && !Number.isNaN(date.getTime()) && isDay(text)) return date;
  throw new InvalidArgumentError('Expected a moment such as 2026-12-01T03:00Z, 2026-12-01T03:00+01:00 or 2026-12-01.');
}

/** JavaScript takes February the 30th for March the 2nd. */
const isDay = (text: string): boolean => {
  const day = new Date(text.slice(0, 10));
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text.slice(0, 10));
};

const overlaps = {
  skip: ScheduleOverlapPolicy.SKIP,
  'buffer-one': ScheduleOverlapPolicy.BUFFER_ONE,
  'buffer-all': ScheduleOverlapPolicy.BUFFER_ALL,
  'cancel-other': ScheduleOverlapPolicy.CANCEL_OTHER,
  'terminate-other': ScheduleOverlapPolicy.TERMINATE_OTHER,
  'allow-all': ScheduleOverlapPolicy.ALLOW_ALL,
} as const;

export type Overlap = keyof typeof overlaps;

export const overlapPolicy = (overlap: Overlap): ScheduleOverlapPolicy => overlaps[overlap];
export const overlapName = (policy: ScheduleOverlapPolicy): Overlap =>
  (Object.keys(overlaps) as Overlap[]).find((name) => overlaps[name] === policy) ?? 'skip';

export const overlapOption = (description: string): Option =>
  new Option('--overlap <policy>', description).choices(Object.keys(overlaps));

/** Its runs are named by it, on S3 too; 21 characters are left for the time. */
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

export function parseScheduleName(text: string): string {
  if (namePattern.test(text)) return text;
  throw new InvalidArgumentError('Expected at most 100 letters, digits, dots, dashes and underscores.');
}

export const scheduleArgument = (): Argument =>
  new Argument('<name>', 'name of the schedule (`temper schedule list`)').argParser(parseScheduleName);

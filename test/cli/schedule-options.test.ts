import { ScheduleOverlapPolicy } from '@temporalio/client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { whenRead } from '../../cli/schedules/create.js';
import { cronProblem } from '../../cli/schedules/cron.js';
import { unknownSchedule } from '../../cli/schedules/look.js';
import {
  overlapName,
  overlapPolicy,
  parseCatchUp,
  parseDuration,
  parseInterval,
  parseMoment,
  parseScheduleName,
  parseTimeZone,
} from '../../cli/schedules/options.js';
import { scheduleSpec, tooOften, whenText } from '../../cli/schedules/spec.js';

const nowMs = Date.UTC(2026, 10, 24);

describe('times on the command line', () => {
  it.each([
    ['90s', 90_000],
    ['6h', 21_600_000],
    ['1d12h', 129_600_000],
    ['2w', 1_209_600_000],
    ['0s', 0],
  ])('%s', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(['', '6', 'h', '6 h', '-1h', '1.5h', '1h1d', '6hours', '500ms'])('"%s" is no time', (text) =>
    expect(() => parseDuration(text)).toThrow(/Expected a time such as 90s/),
  );

  it('an interval is a second at least, a catch-up window ten', () => {
    expect(() => parseInterval('0s')).toThrow(/a second at least/);
    expect(parseInterval('1s')).toBe(1_000);
    expect(() => parseCatchUp('9s')).toThrow(/10s at least/);
    expect(parseCatchUp('10s')).toBe(10_000);
  });

  it('a moment says its offset, or is a day', () => {
    expect(parseMoment('2026-12-01').toISOString()).toBe('2026-12-01T00:00:00.000Z');
    expect(parseMoment('2026-12-01T03:00+01:00').toISOString()).toBe('2026-12-01T02:00:00.000Z');
    for (const text of ['2026-12-01T03:00', 'tomorrow', '2026-13-01', '2026-02-30', '2026-12-01T25:00Z', '1'])
      expect(() => parseMoment(text), text).toThrow(/Expected a moment such as/);
  });

  it('a time zone is one of the database, spelt as the server wants it', () => {
    for (const zone of ['UTC', 'Europe/Berlin', 'US/Pacific', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5'])
      expect(parseTimeZone(zone)).toBe(zone);
    expect(() => parseTimeZone('Europe/Berln')).toThrow('Did you mean Europe/Berlin?');
    expect(() => parseTimeZone('europe/berlin')).toThrow('Did you mean Europe/Berlin?');
    expect(() => parseTimeZone('Tokyo')).toThrow('Did you mean Asia/Tokyo?');
    for (const zone of ['+01:00', 'us/pacific', 'Atlantis/Capital of the deep sea'])
      expect(() => parseTimeZone(zone), zone).toThrow(/There is no time zone/);
  });

  it('a name is part of a key on S3, with room for the time', () => {
    expect(parseScheduleName('nightly-2.x_y')).toBe('nightly-2.x_y');
    for (const name of ['', '-a', 'a/b', 'a b', 'a"b', 'a:b', 'a'.repeat(101)])
      expect(() => parseScheduleName(name), name).toThrow(/Expected at most 100 letters/);
  });
});

describe('cron expressions', () => {
  it.each(['0 3 * * 1', '*/15 0-6,22 1-7 jan-mar MON-fri', '5/10 * * * *', '0 0 * * 7', '@daily', ' 0  3 * * * '])(
    '%s',
    (cron) => expect(cronProblem(cron)).toBeNull(),
  );

  it.each([
    ['', /Expected five fields .*found 0/],
    ['0 3 * *', /found 4/],
    ['0 0 3 * * 1', /found 6/],
    ['@every 5m', /Expected one of @hourly/],
    ['60 * * * *', /Field 1, the minute: expected 0 to 59 or \*, found 60/],
    ['0 24 * * *', /Field 2, the hour/],
    ['0 0 0 * *', /Field 3, the day of the month: expected 1 to 31/],
    ['0 0 * juni *', /Field 4, the month: expected 1 to 12, jan to dec, or \*, found juni/],
    ['0 0 * * 8', /Field 5, the day of the week: expected 0 to 7, sun to sat,/],
    ['0 0 * * fri-mon', /the range fri-mon ends before it begins/],
    ['*/0 * * * *', /expected a step from 1, found 0/],
    ['1,,2 * * * *', /found nothing/],
    ['*-5 * * * *', /found \*-5/],
  ])('%s', (cron, says) => expect(cronProblem(cron)).toMatch(says));

  it('any text is judged, none throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const problem = cronProblem(text);
        expect(problem === null || problem.length > 10).toBe(true);
      }),
    );
  });
});

describe('what a schedule is made of', () => {
  it('a cron expression in UTC unless a zone is named; an interval with its offset', () => {
    expect(scheduleSpec({ cron: '0 3 * * 1' }, nowMs)).toEqual({
      cronExpressions: ['0 3 * * 1'],
      timezone: 'UTC',
      jitter: 0,
    });
    const startAt = new Date(nowMs + 1_000);
    expect(scheduleSpec({ every: 3_600_000, offset: 60_000, jitter: 5_000, startAt }, nowMs)).toEqual({
      intervals: [{ every: 3_600_000, offset: 60_000 }],
      jitter: 5_000,
      startAt,
    });
  });

  it.each([
    [{}, /either --cron/],
    [{ cron: '@daily', every: 1_000 }, /either --cron/],
    [{ cron: '@daily', offset: 1_000 }, /--offset belongs to --every/],
    [{ every: 60_000, offset: 60_000 }, /--offset: expected less than --every/],
    [{ every: 60_000, timeZone: 'UTC' }, /--time-zone belongs to --cron/],
    [{ every: 60_000, endAt: new Date(nowMs) }, /--end-at: expected a moment to come/],
    [{ every: 60_000, startAt: new Date(nowMs + 2), endAt: new Date(nowMs + 2) }, /a moment before --end-at/],
  ])('%o is refused', (options, says) => expect(() => scheduleSpec(options, nowMs)).toThrow(says));

  it('is told in words, and too short an interval is warned of', () => {
    expect(whenText({ cron: '0 3 * * 1', timeZone: 'Europe/Berlin', jitter: 300_000 })).toBe(
      'cron 0 3 * * 1 in Europe/Berlin, up to 5 min 00 s later',
    );
    expect(whenText({ every: 21_600_000, offset: 3_600_000, endAt: new Date(nowMs) })).toBe(
      'every 6 h 00 min, 1 h 00 min into it, until 2026-11-24T00:00:00.000Z',
    );
    expect(tooOften({ every: 59_000 })).toMatch(/every 59 s/);
    expect(tooOften({ every: 60_000 })).toBeNull();
    expect(tooOften({ cron: '* * * * *' })).toBeNull();
  });

  it('every overlap policy has a name, and back', () => {
    for (const policy of Object.values(ScheduleOverlapPolicy).filter((each) => each !== undefined))
      expect(overlapPolicy(overlapName(policy))).toBe(policy);
  });

  it('data are read at firing where workers surely can, else at creation', () => {
    const here = { source: 'embedded', storeSource: 'embedded' } as const;
    const cluster = { source: 'environment', storeSource: 'environment' } as const;
    expect(whenRead({}, ['/data/a.csv'], here)).toBe('at-firing');
    expect(whenRead({}, ['/data/a.csv'], cluster)).toBe('at-creation');
    expect(whenRead({}, ['/data/a.csv'], { ...cluster, storeSource: 'embedded' })).toBe('at-creation');
    expect(whenRead({}, ['s3://data/a.csv'], cluster)).toBe('at-firing');
    expect(whenRead({ data: 'at-firing' }, ['/data/a.csv'], cluster)).toBe('at-firing');
    expect(whenRead({ data: 'at-creation' }, ['s3://data/a.csv'], here)).toBe('at-creation');
  });

  it('an unknown name is answered with the nearest', () => {
    expect(unknownSchedule('nihgtly', ['nightly', 'weekly'])).toBe(
      'There is no schedule nihgtly. Did you mean nightly?',
    );
    expect(unknownSchedule('x', [])).toMatch(/none was created here yet/);
  });
});

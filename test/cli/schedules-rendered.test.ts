import { expect, test } from 'vitest';
import { renderFirings, renderLineage, renderSchedule, renderSchedules } from '../../cli/render/schedules.js';
import type { ListedFiring } from '../../cli/schedules/firings.js';
import type { ShownSchedule } from '../../cli/schedules/look.js';
import { moment } from '../../cli/render/units.js';
import { workflowState } from '../../cli/runs/workflow-state.js';
import type { RunId, Sha256, ObjectKey } from '../../workflows/contract.js';

const at = (hour: number): Date => new Date(Date.UTC(2026, 10, 24, hour));

const nightly: ShownSchedule = {
  schedule: 'nightly',
  when: 'cron 0 3 * * * in UTC',
  job: 'tickets',
  model: 'minilm-l6',
  data: { read: 'at-firing', name: 'tickets.csv', format: 'csv', place: '/data/tickets.csv' },
  overlap: 'skip',
  catchUpMs: 86_400_000,
  pauseOnFailure: false,
  paused: false,
  note: null,
  createdAt: at(0),
  nextAt: [at(3), at(4), at(5), at(6)],
  fired: 1,
  leftOutOverlap: 0,
  leftOutTooLate: 0,
  running: [],
  waiting: 0,
};

test('every policy is said, also where it is the default', () => {
  expect(renderSchedule(nightly)).toEqual([
    'nightly: cron 0 3 * * * in UTC',
    '  job        tickets, minilm-l6',
    '  data       /data/tickets.csv, read again by a control worker, on its own disk each time that it fires',
    '  overlap    skip: a firing is left out while the run before it still runs',
    '  catch-up   firings that the server missed are made up for when they are at most 1 d 0 h late',
    '  on failure the schedule goes on',
    '  state      active',
    `  next       ${[3, 4, 5].map((hour) => moment(at(hour))).join(', ')}`,
    '  so far     1 firing',
  ]);
});

test('a paused schedule, data as they were, what runs and waits and what was left out', () => {
  const file = { name: 't.csv', key: 'k' as ObjectKey, sha256: 'abcdef0123456789' as Sha256, bytes: 2048 };
  const text = renderSchedule({
    ...nightly,
    ...{ paused: true, note: 'holidays', pauseOnFailure: true, running: ['nightly-x'], waiting: 2 },
    ...{ fired: 5, leftOutOverlap: 2, leftOutTooLate: 1 },
    data: { read: 'at-creation', source: { name: 't.csv', format: 'csv', file } },
  }).join('\n');
  expect(text).toContain(
    `t.csv as it was at ${moment(at(0))} (2.0 KiB, SHA-256 abcdef012345): later changes do not count`,
  );
  expect(text).toContain('state      paused: holidays');
  expect(text).toContain('on failure the schedule pauses');
  expect(text).toContain('running    nightly-x');
  expect(text).toContain('waiting    2 firings');
  expect(text).toContain('5 firings, 2 left out because a run still ran, 1 left out because they were too late');
  expect(text).not.toContain('next ');
});

test('the chain: each firing with its run and the one that it follows, and why one came to no run', () => {
  const firing = (hour: number, changes: Partial<ListedFiring> = {}): ListedFiring => ({
    ...{ scheduledAt: at(hour), startedAt: at(hour), closedAt: at(hour + 1), run: `nightly-${hour}`, state: 'done' },
    ...{ follows: `nightly-${hour - 1}`, problem: null },
    ...changes,
  });
  const lines = renderFirings([firing(5, { state: 'failed', problem: 'no file' }), firing(4), firing(3)], 0);
  expect(lines[1]).toMatch(/1 h 00 min {2}no run +nightly-4$/);
  expect(lines[2]).toMatch(/done +nightly-4 +nightly-3$/);
  expect(lines.at(-1)).toBe(`The firing for ${moment(at(5))} came to no run: no file`);
  expect(renderFirings([], 0)).toEqual([]);
});

test('the list, and what to do where it is empty', () => {
  const listed = { schedule: 'nightly', when: 'cron', job: 'j', paused: false, nextAt: at(3), lastRun: 'nightly-2' };
  const [, first, second] = renderSchedules([listed, { ...listed, paused: true, nextAt: null, lastRun: null }]);
  expect(first).toMatch(/^nightly +active +2026-11-24 .* nightly-2 +j +cron$/);
  expect(second).toMatch(/^nightly +paused +j +cron$/);
  expect(renderSchedules([])[0]).toMatch(/temper schedule create/);
});

test('the lineage of a run, from its memo: a memo keeps no null', () => {
  const memo = { schedule: 'nightly', scheduledAt: '2026-11-24T03:00:00Z' };
  const stateOf = (more: object) =>
    workflowState({ workflowId: 'r', status: { code: 1, name: 'RUNNING' }, startTime: at(3), memo: { ...more } });
  expect(stateOf(memo).firing).toEqual({ ...memo, follows: null });
  expect(stateOf({ ...memo, follows: 'nightly-2' }).firing?.follows).toBe('nightly-2');
  expect(stateOf({ job: 'j' }).firing).toBeNull();
  expect(renderLineage('r', { ...memo, follows: null })).toMatch(/it is the first of its schedule\.$/);
  expect(renderLineage('r', { ...memo, follows: 'nightly-2' as RunId })).toMatch(/it follows nightly-2\.$/);
});

import type { Firing } from '../../workflows/contract.js';
import type { ListedFiring } from '../schedules/firings.js';
import type { ListedSchedule, ShownSchedule } from '../schedules/look.js';
import type { Overlap } from '../schedules/options.js';
import { renderTable } from './table.js';
import { counted, duration, moment, size } from './units.js';

/** `temper schedule list`. */
export function renderSchedules(schedules: readonly ListedSchedule[]): string[] {
  if (schedules.length === 0)
    return ['There is no schedule yet. Create one with: temper schedule create NAME JOB --every 6h'];
  return renderTable<ListedSchedule>(
    [
      { title: 'SCHEDULE', value: ({ schedule }) => schedule },
      { title: 'STATE', value: ({ paused }) => (paused ? 'paused' : 'active') },
      { title: 'NEXT', value: ({ nextAt }) => (nextAt ? moment(nextAt) : '') },
      { title: 'LAST RUN', value: ({ lastRun }) => lastRun ?? '' },
      { title: 'JOB', value: ({ job }) => job ?? '' },
      { title: 'WHEN', value: ({ when }) => when ?? '' },
    ],
    schedules,
  );
}

const NEXT_SHOWN = 3;

/** Everything that was set, also where it is the default. */
export function renderSchedule(schedule: ShownSchedule): string[] {
  const { overlap, catchUpMs, pauseOnFailure, paused, note, nextAt, running, waiting } = schedule;
  const line = (name: string, text: string) => `  ${name.padEnd(11)}${text}`;
  const next = nextAt
    .slice(0, NEXT_SHOWN)
    .map((each) => moment(each))
    .join(', ');
  return [
    `${schedule.schedule}: ${schedule.when}`,
    line('job', `${schedule.job}, ${schedule.model}`),
    line('data', dataText(schedule)),
    line('overlap', `${overlap}: ${overlapText[overlap]}`),
    line(
      'catch-up',
      `firings that the server missed are made up for when they are at most ${duration(catchUpMs)} late`,
    ),
    line('on failure', pauseOnFailure ? 'the schedule pauses' : 'the schedule goes on'),
    line('state', `${paused ? 'paused' : 'active'}${note ? `: ${note}` : ''}`),
    ...(paused ? [] : [line('next', next || 'never again')]),
    ...(running.length > 0 ? [line('running', running.join(', '))] : []),
    ...(waiting > 0 ? [line('waiting', counted(waiting, 'firing'))] : []),
    line('so far', firedText(schedule)),
  ];
}

function dataText({ data, createdAt }: ShownSchedule): string {
  if (data.read === 'at-firing') {
    const places = data.places ?? [data.place];
    const reader = places.every((place) => place.startsWith('s3://'))
      ? 'a control worker'
      : 'a control worker, on its own disk';
    return `${places.join(', ')}, read again by ${reader} each time that it fires`;
  }
  const { name, file } = data.source;
  return `${name} as it was at ${moment(createdAt)} (${size(file.bytes)}, SHA-256 ${file.sha256.slice(0, 12)}): later changes do not count`;
}

export const overlapText: Readonly<Record<Overlap, string>> = {
  skip: 'a firing is left out while the run before it still runs',
  'buffer-one': 'one firing at most waits for the run before it, others are left out',
  'buffer-all': 'firings wait for the run before them, in order',
  'cancel-other': 'the run before it is cancelled, then it begins',
  'terminate-other': 'it begins at once, and the run before it is cancelled meanwhile',
  'allow-all': 'runs may run side by side, as far as there are devices',
};

function firedText({ fired, leftOutOverlap, leftOutTooLate }: ShownSchedule): string {
  const left = [
    ...(leftOutOverlap > 0 ? [`${leftOutOverlap} left out because a run still ran`] : []),
    ...(leftOutTooLate > 0 ? [`${leftOutTooLate} left out because they were too late`] : []),
  ];
  return [counted(fired, 'firing'), ...left].join(', ');
}

/** The chain, newest first. */
export function renderFirings(firings: readonly ListedFiring[], nowMs: number): string[] {
  if (firings.length === 0) return [];
  return [
    ...renderTable<ListedFiring>(
      [
        { title: 'FIRED FOR', value: ({ scheduledAt }) => moment(scheduledAt) },
        { title: 'STARTED', value: ({ startedAt }) => moment(startedAt) },
        {
          title: 'TOOK',
          right: true,
          value: ({ startedAt, closedAt }) => duration((closedAt?.getTime() ?? nowMs) - startedAt.getTime()),
        },
        { title: 'STATE', value: ({ state, problem }) => (problem === null ? state : 'no run') },
        { title: 'RUN', value: ({ run, problem }) => (problem === null ? run : '') },
        { title: 'FOLLOWS', value: ({ follows }) => follows ?? '' },
      ],
      firings,
    ),
    ...firings.flatMap(({ scheduledAt, problem }) =>
      problem === null ? [] : [`The firing for ${moment(scheduledAt)} came to no run: ${problem}`],
    ),
  ];
}

/** The line of `temper explain` about a run that a schedule started. */
export function renderLineage(run: string, { schedule, scheduledAt, follows }: Firing): string {
  const before = follows === null ? 'it is the first of its schedule' : `it follows ${follows}`;
  return `${run} was fired by the schedule ${schedule} for ${moment(new Date(scheduledAt))}; ${before}.`;
}

import { expect, test } from 'vitest';
import { pageOf } from './report.js';
import type { Summary } from './results.js';

const monday = 'Seed 1. 2026-11-23, EPYC, 4 cores\nNode 20';
const tuesday = 'Seed 1. 2026-11-24, EPYC, 2 cores\nNode 20';
const wednesday = 'Seed 1. 2026-11-25, EPYC, 2 cores\nNode 20';

const summary = (name: string, tries: number): Summary => ({
  ...{ fault: `what ${name} does`, name, unit: 'SIGKILL', tries, whole: 10, faults: tries, survived: tries },
  ...{ lostSteps: { median: 0, most: 0 }, recoverySeconds: null },
});
const page = (summaries: Summary[], here: string, before: string) =>
  pageOf({ summaries, tried: summaries.map(({ name }) => name), here, before });
const notesOf = (text: string) => text.match(/^(Seed|Earlier) .*$/gm);

test('rows of other days keep their numbers and say which day they are of', () => {
  const first = page([summary('freeze', 8), summary('zombie', 8), summary('requests', 8)], monday, '');
  expect(notesOf(first)).toEqual([monday.split('\n')[0]]);

  const second = page([summary('zombie', 9), summary('requests', 2)], tuesday, first);
  expect(notesOf(second)).toEqual([
    'Seed 1. 2026-11-24, EPYC, 2 cores',
    'Earlier (`freeze`, `requests`): Seed 1. 2026-11-23, EPYC, 4 cores',
  ]);
  expect(second).toMatch(/`zombie` +\| 9 of 10/);
  expect(second).toMatch(/`requests` +\| 8 of 10/);

  const again = page([summary('requests', 9)], tuesday, second);
  expect(notesOf(again)).toEqual([
    'Seed 1. 2026-11-24, EPYC, 2 cores',
    'Earlier (`freeze`): Seed 1. 2026-11-23, EPYC, 4 cores',
  ]);

  const third = page([summary('kill-point', 1)], wednesday, again);
  expect(notesOf(third)).toEqual([
    'Seed 1. 2026-11-25, EPYC, 2 cores',
    'Earlier (`freeze`): Seed 1. 2026-11-23, EPYC, 4 cores',
    'Earlier (`zombie`, `requests`): Seed 1. 2026-11-24, EPYC, 2 cores',
  ]);
  const known = [summary('zombie', 9), summary('freeze', 8)]; // of before, not tried now
  expect(pageOf({ summaries: known, tried: [], here: wednesday, before: third })).toBe(third);
  const thursday = 'Seed 1. 2026-11-26, EPYC, 2 cores\nNode 20';
  expect(pageOf({ summaries: known, tried: [], here: thursday, before: third })).not.toContain(thursday);
});

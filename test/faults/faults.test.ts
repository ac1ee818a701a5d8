import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inLanes } from './lanes.js';
import type { Try } from './row.js';
import { rows } from './rows/index.js';

/** Another seed finds other moments: TEMPER_TEST_SEED=… npx vitest run test/faults/faults.test.ts */
const seed = Number(process.env['TEMPER_TEST_SEED'] ?? 1);

/** A few tries of each row of `npm run faults`, which does all of them. */
describe(`what runs survive (seed ${seed})`, () => {
  const inTest = rows.filter((row) => row.inTest > 0);
  const tried = new Map<string, Map<number, Try>>();
  const told: string[] = [];
  const planned = new Map<string, readonly number[]>();

  beforeAll(async () => {
    await inLanes(inTest, {
      seed,
      lanes: 2,
      isOver: () => false,
      numbers: (row, whole) => {
        const numbers = spread(row.inTest, whole);
        planned.set(row.name, numbers);
        return numbers;
      },
      done: ({ name }, number, one, seconds) => {
        told.push(`${name} ${number}: ${one.what} (${seconds.toFixed(1)} s)`);
        if (!tried.has(name)) tried.set(name, new Map());
        tried.get(name)!.set(number, one);
      },
    });
  }, 1_800_000);
  afterAll(() => console.log(told.join('\n')));

  it.each(inTest.map(({ name, title }) => [name, title]))('%s: %s', (name) => {
    const tries = tried.get(name) ?? new Map<number, Try>();
    expect([...tries.keys()].sort((a, b) => a - b)).toEqual(planned.get(name));
    expect([...tries].flatMap(([number, { problems }]) => problems.map((problem) => `${number}: ${problem}`))).toEqual(
      [],
    );
    expect([...tries.values()].every(({ faults }) => faults > 0)).toBe(true);
  });
});

/** The first one, and others at equal distances. */
const spread = (count: number, whole: number): number[] =>
  Array.from({ length: Math.min(count, whole) }, (_, i) => Math.floor((i * whole) / count));

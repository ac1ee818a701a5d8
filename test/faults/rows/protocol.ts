/** The protocol without processes: the real code of storage/checkpoint over a bucket in memory. Each try is a process of its own. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { builtFile } from '../../support/spawned-stack.js';
import type { Row, Try } from '../row.js';

const MAX_OUTPUT_BYTES = 2 ** 24;

async function answerOf<T>(schema: z.ZodType<T>, script: string, ...args: readonly number[]): Promise<T> {
  const { stdout } = await promisify(execFile)(process.execPath, [builtFile(script), ...args.map(String)], {
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  return schema.parse(JSON.parse(stdout));
}

const batchSchema = z.object({
  requests: z.number(),
  broken: z.array(z.object({ seed: z.number(), problems: z.array(z.string()) })),
});

const SEEDS_AT_ONCE = 1_000;
const BY_DAY = 100;
const NIGHTLY = 1_000;
/** A night's go beyond those of any day. */
const batchOf = (seed: number, number: number): number =>
  number < BY_DAY ? seed * BY_DAY + number : NIGHTLY * (NIGHTLY + seed) + number;
const cost = { lostSteps: 0, extraSeconds: null } satisfies Partial<Try>;

/** 100,000 seeds, a million with `--nightly`; `--seed 2` takes others. */
export const simulation: Row = {
  name: 'simulation',
  title: 'simulated: sessions, zombies, retention, forks, damage, lost and late requests, deaths at any request',
  unit: 'seed',
  tries: BY_DAY,
  nightly: NIGHTLY,
  inTest: 0, // test/faults/simulation/simulation.test.ts
  open: ({ seed }) =>
    Promise.resolve({
      attempt: async (number) => {
        const from = batchOf(seed, number) * SEEDS_AT_ONCE;
        const script = 'test/faults/simulation/batch.ts';
        const { broken, requests } = await answerOf(batchSchema, script, from, SEEDS_AT_ONCE);
        const problems = broken.map(({ seed: at, problems: [problem] }) => `seed ${at}: ${problem}`);
        return { ...cost, problems, what: `${requests} requests from seed ${from} on`, faults: SEEDS_AT_ONCE };
      },
    }),
};

/** Steps, sessions, lost answers, deaths. */
const EXPLORATIONS = [
  [1, 2, 1, 1],
  [2, 2, 0, 0],
  [1, 3, 0, 0],
  [2, 2, 1, 0],
  [3, 2, 0, 0],
] as const;

const exploredSchema = z.object({ states: z.number(), problems: z.array(z.string()) });

export const exploration: Row = {
  name: 'exploration',
  title:
    'explored: two or three sessions with their retention, every order of their requests; lost answers, deaths, late requests',
  unit: 'state',
  tries: EXPLORATIONS.length,
  inTest: 0, // test/faults/exploration/exploration.test.ts
  open: () =>
    Promise.resolve({
      attempt: async (number) => {
        const [steps, sessions, lost, deaths] = EXPLORATIONS[number]!;
        const script = 'test/faults/exploration/main.ts';
        const { states, problems } = await answerOf(exploredSchema, script, steps, sessions, lost, deaths);
        const what = `${sessions} sessions, ${steps} steps, ${lost} lost answers, ${deaths} deaths`;
        return { ...cost, problems, what, faults: states };
      },
    }),
};

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
const cost = { lostSteps: 0, extraSeconds: null } satisfies Partial<Try>;

/** 100,000 seeds; `--seed 2` takes the next 100,000, so that a night does a million. */
export const simulation: Row = {
  name: 'simulation',
  title: 'simulated: sessions, zombies, retention, forks, damage, lost and late requests, deaths at any request',
  unit: 'seed',
  tries: 100,
  inTest: 0, // test/faults/simulation/simulation.test.ts
  open: ({ seed }) =>
    Promise.resolve({
      attempt: async (number) => {
        const from = (seed * 100 + number) * SEEDS_AT_ONCE;
        const script = 'test/faults/simulation/batch.ts';
        const { broken, requests } = await answerOf(batchSchema, script, from, SEEDS_AT_ONCE);
        const problems = broken.map(({ seed: at, problems: [problem] }) => `seed ${at}: ${problem}`);
        return { ...cost, problems, what: `${requests} requests from seed ${from} on`, faults: SEEDS_AT_ONCE };
      },
    }),
};

import { rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { settledAfterMs } from '../../infra/stack/supervise.js';
import { objectsBelow } from '../../test/support/bucket.js';
import { eventually } from '../../test/support/poll.js';
import { endRuns, enginePids, expectExit, killNow, startRun, writeTinyJob } from '../../test/support/runs.js';
import type { TestStack } from '../../test/support/stack.js';
import { exampleFile, writeGlosses } from '../glosses/rows.js';
import { median } from '../interleave.js';
import { startBenchStack } from '../stack.js';
import type { MeasurePart } from './part.js';
import { StepWatch } from './step-watch.js';
import { WITHIN_MS as PREPARED_WITHIN_MS, writeJob } from './run-epoch.js';

const TRIES_A_ROUND = 2;
/** A worker that dies sooner after its start is started again later and later. */
const LIVES_MS = settledAfterMs + 5_000;
const LOOK_EACH_MS = 20;
/** What the store had of the dead worker's requests has taken effect by then. */
const SETTLED_MS = 300;
const WITHIN_MS = 120_000;

interface Killed {
  readonly name: string;
  /** Between its checkpoints. */
  readonly steps: number;
  /** Begins a run that goes on for as long as it is watched. */
  start(stack: TestStack): Promise<string>;
}

const tiny: Killed = {
  name: 'a tiny model',
  steps: 20,
  async start(stack) {
    const train = { epochs: 5_000, batchSize: 4, learningRate: 1e-4 };
    const checkpoint = { everySteps: tiny.steps, keep: { last: 1, best: 1 } };
    return startRun(stack, writeTinyJob(stack.directory, { name: 'killed', train, checkpoint }));
  },
};

const allWeights: Killed = {
  name: 'MiniLM, all weights (272 MB with the optimizer)',
  steps: 8,
  async start(stack) {
    const jobFile = await writeGlosses();
    const rows = exampleFile('glosses.jsonl');
    const file = await writeJob(jobFile, rows, 'killed', { everySteps: allWeights.steps }, { train: { epochs: 100 } });
    try {
      expectExit(await stack.temper(['data', 'prepare', file], { timeoutMs: PREPARED_WITHIN_MS }));
      return await startRun(stack, file);
    } finally {
      await rm(file, { force: true });
    }
  },
};

const newest = (stack: TestStack, run: string): number =>
  objectsBelow(stack, `runs/${run}/checkpoints/`).reduce(
    (most, { key }) => Math.max(most, Number(/(\d{20})\.json$/.exec(key)?.[1] ?? 0)),
    0,
  );

const until = (what: string, holds: () => boolean): Promise<true> => eventually(what, holds, WITHIN_MS, LOOK_EACH_MS);

interface Recovered {
  /** From the kill to the end of the first step after it. */
  readonly trainsMs: number;
  /** And to a checkpoint with steps that were trained after it. */
  readonly durableMs: number;
}

/** Kills worker and engine. */
async function recovered(stack: TestStack, run: string): Promise<Recovered> {
  const before = newest(stack, run);
  await until('the run commits', () => newest(stack, run) > before + 2 && enginePids(stack).length > 0);
  const killedAtMs = Date.now();
  killNow(stack, ['engine', 'device']);
  const watch = new StepWatch();
  try {
    await pause(SETTLED_MS);
    const left = newest(stack, run);
    await until('two steps begin after the kill', () => watch.beganAtMs.size >= 2);
    const [, doneAtMs] = [...watch.beganAtMs.values()];
    await until('a checkpoint after the kill', () => newest(stack, run) > left);
    return { trainsMs: doneAtMs! - killedAtMs, durableMs: Date.now() - killedAtMs };
  } finally {
    watch.stop();
  }
}

/** The worker and its engine killed in mid-run, until the next step is trained. */
const recoveryOf =
  ({ name, steps, start }: Killed): MeasurePart =>
  async ({ rounds, say }) => {
    const stack = await startBenchStack();
    const times: Recovered[] = [];
    try {
      const run = await start(stack);
      for (let attempt = 1; attempt <= rounds * TRIES_A_ROUND; attempt++) {
        if (attempt > 1) await pause(LIVES_MS);
        times.push(await recovered(stack, run));
        say(`Kill ${attempt} of ${rounds * TRIES_A_ROUND}: ${JSON.stringify(times.at(-1))}`);
      }
      await endRuns(stack);
    } finally {
      await stack.stop();
    }
    const seconds = (of: (each: Recovered) => number) => times.map((each) => of(each) / 1000);
    const trains = seconds(({ trainsMs }) => trainsMs);
    const durable = seconds(({ durableMs }) => durableMs);
    return {
      sentence: `SIGKILL of worker and engine, ${times.length} times in a run of ${name}, ${LIVES_MS / 1000} s after it went on; a checkpoint each ${steps} steps`,
      budgets: [
        { what: `${name}: kill to the next trained step, s, median`, value: median(trains), budget: null },
        { what: `${name}: kill to the next trained step, s, most`, value: Math.max(...trains), budget: 15 },
        { what: `${name}: kill to the next checkpoint, s, median`, value: median(durable), budget: null },
      ],
    };
  };

export const recovery = recoveryOf(tiny);
export const recoveryWhole = recoveryOf(allWeights);

import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expectExit } from '../../test/support/runs.js';
import { startTestStack, type TestStack } from '../../test/support/stack.js';
import { ROWS_PER_EPOCH, stepsFor, writeGlosses } from '../glosses/rows.js';
import { median } from '../interleave.js';
import { BareLoop } from './bare-loop.js';
import type { MeasurePart } from './part.js';
import { NEVER, trainedFrom, WITHIN_MS, writeJob } from './run-epoch.js';
import { secondsWithout, takeTurns } from './take-turns.js';

/** Of its own time. With at most 15 s until a dead worker's successor trains, at most 60 s are lost. */
const CHECKPOINT_SECONDS = 45;
/** The clock goes on while the run stands still, every other moment. */
const CHECKPOINT_MINUTES = (2 * CHECKPOINT_SECONDS) / 60;
const MOST_TURNS = 3;

interface Trains {
  readonly name: string;
  /** What changes with each step: weights that train and both moments of AdamW. */
  readonly megabytes: number;
  /** Laid over the demo's job. */
  readonly job: object;
  /** Of the demo's rows to train on, in one epoch: ten minutes on two cores, with no checkpoint but those asked for. */
  readonly times: number;
}

/** Seconds of a run's steps, and of the bare loop's same steps. */
interface Pair {
  readonly run: number;
  readonly bare: number;
}

/** The demo's rows, those to train on so many times. */
async function writeRows(jobFile: string, trains: number): Promise<string> {
  const rows = (await readFile(join(dirname(jobFile), 'glosses.jsonl'), 'utf8')).trimEnd().split('\n');
  const times = (row: string) => ((JSON.parse(row) as { split: string }).split === 'train' ? trains : 1);
  const path = join(dirname(jobFile), '.bench-glosses.jsonl');
  await writeFile(path, rows.map((row) => `${row}\n`.repeat(times(row))).join(''));
  return path;
}

async function pair(stack: TestStack, job: string, steps: number): Promise<Pair> {
  const bare = await BareLoop.open(job, steps);
  try {
    const { result, stops } = await takeTurns(trainedFrom(stack, job), bare);
    return { run: secondsWithout(stops, result), bare: bare.seconds };
  } finally {
    await bare.close();
  }
}

const overheadOf =
  ({ name, megabytes, job, times }: Trains): MeasurePart =>
  async ({ rounds, say }) => {
    const jobFile = await writeGlosses();
    const rows = await writeRows(jobFile, times);
    const steps = stepsFor(times * ROWS_PER_EPOCH);
    const often = await writeJob(jobFile, rows, 'checkpoints', { everyMinutes: CHECKPOINT_MINUTES }, job);
    const never = await writeJob(jobFile, rows, 'none', NEVER, job);
    const stack = await startTestStack();
    const turns: { often: Pair; never: Pair }[] = [];
    try {
      expectExit(await stack.temper(['data', 'prepare', never], { timeoutMs: WITHIN_MS }));
      for (let turn = 1; turn <= Math.min(rounds, MOST_TURNS); turn++) {
        say(
          `MiniLM, ${name}: ten minutes with checkpoints, ten without, each in turn with the bare loop: turn ${turn}...`,
        );
        const withThem = await pair(stack, often, steps);
        say(`with checkpoints ${withThem.run.toFixed(1)} s, bare ${withThem.bare.toFixed(1)} s`);
        const without = await pair(stack, never, steps);
        say(`without ${without.run.toFixed(1)} s, bare ${without.bare.toFixed(1)} s`);
        turns.push({ often: withThem, never: without });
      }
    } finally {
      await stack.stop();
      await Promise.all([often, never, rows].map((file) => rm(file, { force: true })));
    }
    const over = ({ run, bare }: Pair) => run / bare;
    const ratio = (of: (turn: (typeof turns)[number]) => number) => median(turns.map(of)) - 1;
    return {
      sentence:
        `MiniLM, ${name}, ${megabytes} MB with the optimizer: ${turns.length} turns of ${steps} steps in one epoch ` +
        `(${median(turns.map((turn) => turn.never.run)).toFixed(0)} s), a checkpoint each ${CHECKPOINT_SECONDS} s, so that a kill loses at most ` +
        `${CHECKPOINT_SECONDS + 15} s; run and bare loop stand still for each other every second or two; median of the turns`,
      budgets: [
        {
          what: `${name}: share of checkpoints in the time of a run`,
          value: ratio((turn) => over(turn.often) / over(turn.never)),
          budget: 0.01,
        },
        { what: `${name}: a run over the bare compiled loop`, value: ratio((turn) => over(turn.often)), budget: 0.03 },
        {
          what: `${name}: a run without checkpoints over the bare compiled loop`,
          value: ratio((turn) => over(turn.never)),
          budget: null,
        },
      ],
    };
  };

export const overheadWhole = overheadOf({ name: 'all weights', megabytes: 272, job: {}, times: 5 });

/** As one fine-tunes where two blocks are enough: what is frozen is stored once. */
export const overheadOfTwoBlocks = overheadOf({
  name: 'two of six blocks',
  megabytes: 43,
  job: { freeze: { lastBlocks: 2 } },
  times: 15,
});

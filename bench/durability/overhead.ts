import { readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { expectExit } from '../../test/support/runs.js';
import type { TestStack } from '../../test/support/stack.js';
import { ROWS_PER_EPOCH, stepsFor, writeGlosses } from '../glosses/rows.js';
import { median } from '../interleave.js';
import { startBenchStack } from '../stack.js';
import { BareLoop } from './bare-loop.js';
import { costByStep, type CostByStep } from './cost-by-step.js';
import type { MeasurePart } from './part.js';
import { trainedFrom, WITHIN_MS, writeJob } from './run-epoch.js';
import { StepWatch } from './step-watch.js';
import { secondsWithout, takeTurns } from './take-turns.js';

/** Of its own time. With at most 15 s until a dead worker's successor trains, at most 60 s are lost. */
const CHECKPOINT_SECONDS = 45;
/** The bare loop does one in EACH of the run's steps, and those in which both meet their shapes for the first time. */
const [EACH, COMPILED_AT] = [6, 100];
/** The clock goes on while the run stands still, one second in EACH + 1. */
const CHECKPOINT_MINUTES = ((1 + 1 / EACH) * CHECKPOINT_SECONDS) / 60;
const MOST_TURNS = 3;

interface Trains {
  readonly name: string;
  /** What changes with each step: weights that train and both moments of AdamW. */
  readonly megabytes: number;
  /** Laid over the demo's job. */
  readonly job: { readonly freeze?: object; readonly threads?: number };
  /** Of the demo's rows to train on, in one epoch: ten minutes on two cores, with no checkpoint but those asked for. */
  readonly times: number;
}

/** A run beside the bare loop's same steps. */
interface Beside extends CostByStep {
  /** Its own time, from when it begins to load model and data to the last snapshot. */
  readonly runMs: number;
  /** What the bare loop takes from there to its last step's end. */
  readonly bareMs: number;
}

/** The demo's rows, those to train on so many times. */
async function writeRows(jobFile: string, trains: number): Promise<string> {
  const rows = (await readFile(join(dirname(jobFile), 'glosses.jsonl'), 'utf8')).trimEnd().split('\n');
  const times = (row: string) => ((JSON.parse(row) as { split: string }).split === 'train' ? trains : 1);
  const path = join(dirname(jobFile), '.bench-glosses.jsonl');
  await writeFile(path, rows.map((row) => `${row}\n`.repeat(times(row))).join(''));
  return path;
}

async function besideBare(stack: TestStack, job: string, steps: number, threads?: number): Promise<Beside> {
  const bare = await BareLoop.open(job, { steps, all: COMPILED_AT, each: EACH, threads });
  const watch = new StepWatch();
  try {
    const { result, stops } = await takeTurns(trainedFrom(stack, job), bare);
    const { beganAtMs } = watch;
    const { boundaries } = result;
    const cost = costByStep({ beganAtMs, stops, bareMs: bare.ms, compiledAt: COMPILED_AT, boundaries });
    const runMs = 1000 * secondsWithout(stops, result);
    return { ...cost, runMs, bareMs: bare.loadMs + cost.stepsMs / cost.ratio };
  } finally {
    watch.stop();
    await bare.close();
  }
}

const overheadOf =
  ({ name, megabytes, job, times }: Trains): MeasurePart =>
  async ({ rounds, say }) => {
    const jobFile = await writeGlosses();
    const rows = await writeRows(jobFile, times);
    const steps = stepsFor(times * ROWS_PER_EPOCH);
    const file = await writeJob(jobFile, rows, 'overhead', { everyMinutes: CHECKPOINT_MINUTES }, job);
    const stack = await startBenchStack();
    const turns: Beside[] = [];
    try {
      expectExit(await stack.temper(['data', 'prepare', file], { timeoutMs: WITHIN_MS }));
      for (let turn = 1; turn <= Math.min(rounds, MOST_TURNS); turn++) {
        say(`MiniLM, ${name}: ten minutes with checkpoints, in turn with the bare loop: turn ${turn}...`);
        turns.push(await besideBare(stack, file, steps, job.threads));
        say(JSON.stringify(turns.at(-1)));
      }
    } finally {
      await stack.stop();
      await Promise.all([file, rows].map((each) => rm(each, { force: true })));
    }
    const over = (of: (turn: Beside) => number) => median(turns.map(of));
    const checkpointMs = over((turn) => turn.checkpointMs);
    return {
      sentence:
        `MiniLM, ${name}${job.threads ? ` (threads: ${job.threads} of ${availableParallelism()} cores)` : ''}, ${megabytes} MB with the optimizer: ${turns.length} x ${steps} steps in one epoch (${over(({ runMs }) => runMs / 1000).toFixed(0)} s, loading included) with a ` +
        `checkpoint each ${CHECKPOINT_SECONDS} s, so that a kill loses at most ${CHECKPOINT_SECONDS + 15} s; the run stands still for a second ` +
        `in ${EACH + 1}, in which the bare loop does one in ${EACH} of its steps, and a checkpoint costs what the steps around it take longer than the bare loop's, beyond what all do; standard error of all steps over the bare ` +
        `loop's: ${over(({ ratioError }) => ratioError).toFixed(3)} a turn`,
      budgets: [
        { what: `${name}: a checkpoint, s`, value: checkpointMs / 1000, budget: null },
        {
          what: `${name}: checkpoints' share of the time`,
          value: checkpointMs / 1000 / CHECKPOINT_SECONDS,
          budget: 0.01,
        },
        {
          what: `${name}: steps between checkpoints over the bare loop's`,
          value: over(({ ratioElsewhere }) => ratioElsewhere) - 1,
          budget: null,
        },
        {
          what: `${name}: a run, whole, over the bare compiled loop`,
          value: over(({ runMs, bareMs }) => runMs / bareMs) - 1,
          budget: 0.03,
        },
      ],
    };
  };

export const overheadWhole = overheadOf({ name: 'all weights', megabytes: 272, job: {}, times: 5 });

/**
 * Training on one of two cores: what checkpoints cost where what a host does besides has a core to itself, as on those that train on a
 * GPU, or whose store is elsewhere.
 */
export const overheadSpare = overheadOf({
  name: 'all weights, a core to spare',
  megabytes: 272,
  job: { threads: 1 },
  times: 3,
});

/** As one fine-tunes where two blocks are enough: what is frozen is stored once. */
export const overheadOfTwoBlocks = overheadOf({
  name: 'two of six blocks',
  megabytes: 43,
  job: { freeze: { lastBlocks: 2 } },
  times: 15,
});

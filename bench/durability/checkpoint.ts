import { rm } from 'node:fs/promises';
import { expectExit } from '../../test/support/runs.js';
import { exampleFile, STEPS_PER_EPOCH as STEPS, writeGlosses } from '../glosses/rows.js';
import { median } from '../interleave.js';
import type { Budgeted } from '../results.js';
import { startBenchStack } from '../stack.js';
import type { MeasurePart } from './part.js';
import { NEVER, trained, WITHIN_MS, writeJob } from './run-epoch.js';
import { startTrainer, type Trainer } from './trainer-peer.js';

const EVERY_STEPS = 24;
/** More than without: ours ends with one in any case, the Trainer only where it makes some. */
const OUR_CHECKPOINTS = Math.floor(STEPS / EVERY_STEPS);
const THEIR_CHECKPOINTS = OUR_CHECKPOINTS + 1;
const MOST_TURNS = 3;

/** Seconds of all steps. */
interface Ours {
  readonly never: number;
  readonly often: number;
}
interface Theirs {
  readonly never: number;
  readonly toDisk: number;
  readonly toS3: number;
}

/** On a stack of its own, whose data are prepared before. */
async function ourTurn(never: string, often: string): Promise<Ours> {
  const stack = await startBenchStack();
  try {
    expectExit(await stack.temper(['data', 'prepare', never], { timeoutMs: WITHIN_MS }));
    return { never: await trained(stack, never), often: await trained(stack, often) };
  } finally {
    await stack.stop();
  }
}

const theirTurn = async ({ seconds }: Trainer): Promise<Theirs> => ({
  never: await seconds('none'),
  toDisk: await seconds('to disk'),
  toS3: await seconds('to S3'),
});

const ourCost = ({ never, often }: Ours) => (often - never) / OUR_CHECKPOINTS;
const theirCost = ({ never }: Theirs, often: number) => (often - never) / THEIR_CHECKPOINTS;

/** Medians over the turns; ratios are taken within each. */
function besideTrainer(turns: readonly { ours: Ours; theirs: Theirs }[]): Budgeted[] {
  const over = (of: (ours: Ours, theirs: Theirs) => number) =>
    median(turns.map(({ ours, theirs }) => of(ours, theirs)));
  const value = (what: string, of: (theirs: Theirs) => number): Budgeted => ({
    what: `a checkpoint of the Trainer ${what}, s`,
    value: over((_, theirs) => of(theirs)),
    budget: null,
  });
  const ratio = (what: string, of: (ours: Ours, theirs: Theirs) => number): Budgeted => ({
    what: `${what}: temper / Trainer`,
    value: over(of),
    budget: 1,
  });
  return [
    value('on the disk alone', (theirs) => theirCost(theirs, theirs.toDisk)),
    value('on the disk and on S3', (theirs) => theirCost(theirs, theirs.toS3)),
    ratio('a checkpoint on S3', (ours, theirs) => ourCost(ours) / theirCost(theirs, theirs.toS3)),
    ratio(`${STEPS} steps without checkpoints`, (ours, theirs) => ours.never / theirs.never),
    ratio(`${STEPS} steps with checkpoints on S3`, (ours, theirs) => ours.often / theirs.toS3),
  ];
}

/** What a checkpoint of a model costs that trains whole: its weights and both moments of AdamW. */
export const checkpoint: MeasurePart = async ({ rounds, peers, say }) => {
  const jobFile = await writeGlosses();
  const source = exampleFile('glosses.jsonl');
  const never = await writeJob(jobFile, source, 'checkpoint-none', NEVER);
  const often = await writeJob(jobFile, source, 'checkpoint-each', { everySteps: EVERY_STEPS });
  const trainer = peers ? await startTrainer(STEPS, EVERY_STEPS) : null;
  const ours: Ours[] = [];
  const beside: { ours: Ours; theirs: Theirs }[] = [];
  const turns = Math.min(rounds, MOST_TURNS);
  try {
    for (let turn = 1; turn <= turns; turn++) {
      say(`${STEPS} steps without checkpoints and with one each ${EVERY_STEPS}: turn ${turn} of ${turns}...`);
      const seconds = await ourTurn(never, often);
      ours.push(seconds);
      if (trainer) beside.push({ ours: seconds, theirs: await theirTurn(trainer) });
      say(JSON.stringify(beside.at(-1) ?? seconds));
    }
  } finally {
    await trainer?.stop();
    await Promise.all([often, never].map((file) => rm(file, { force: true })));
  }
  return {
    sentence:
      `${turns} turns of ${STEPS} steps of the demo's job (MiniLM, all weights, 272 MB with the optimizer), without checkpoints and with one each ` +
      `${EVERY_STEPS} steps: what the latter take longer, by checkpoint; the S3 server, and Temporal and workers of ours, are on the same cores`,
    budgets: [
      { what: 'a checkpoint on S3, s', value: median(ours.map(ourCost)), budget: null },
      ...(beside.length > 0 ? besideTrainer(beside) : []),
    ],
  };
};

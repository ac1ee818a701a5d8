import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { partPaths } from '../infra/parts.mjs';
import { repositoryRoot } from '../infra/parts/root.mjs';
import type { Bench } from './bench.js';
import { BY_BATCH, epochInTurns, PADDED } from './glosses/epoch.js';
import { ROWS_PER_EPOCH, STEPS_PER_EPOCH } from './glosses/rows.js';
import { mean, median, type Measured } from './interleave.js';
import { describeBench, load, settled } from './machine.js';
import { peersPython } from './peers/environment.mjs';
import { budgetTable, isMet, missedBudgets, table, type Budgeted } from './results.js';

const run = promisify(execFile);
const inRepository = (...path: string[]) => join(repositoryRoot(), ...path);
const MAX_OUTPUT_BYTES = 64 * 2 ** 20;

const demoSchema = z.object({
  testAccuracy: z.number(),
  runSeconds: z.number(),
  totalSeconds: z.number(),
});
const torchSchema = z.object({ seconds: z.number(), accuracy: z.number(), wallSeconds: z.number() });

const lastJson = (output: string): unknown => JSON.parse(output.trim().split('\n').at(-1) ?? '');

/** `temper demo` in a folder of its own, so that nothing of an earlier run is there. */
async function demo(): Promise<z.infer<typeof demoSchema>> {
  const cwd = await mkdtemp(join(tmpdir(), 'temper-bench-'));
  const temper = (...args: string[]) =>
    run(process.execPath, [inRepository('bin', 'temper.mjs'), ...args], { cwd, maxBuffer: MAX_OUTPUT_BYTES });
  try {
    return demoSchema.parse(lastJson((await temper('demo', '--json')).stdout));
  } finally {
    await temper('down').catch(() => undefined); // it may have stopped by itself
    await rm(cwd, { recursive: true, force: true });
  }
}

/** Two epochs in PyTorch on the same rows. */
async function torch(): Promise<z.infer<typeof torchSchema>> {
  const { minilm, wordnet } = partPaths();
  const script = inRepository('bench', 'peers', 'torch_glosses.py');
  const rows = inRepository('examples', 'glosses', 'rows.csv');
  const { stdout } = await run(peersPython(), [script, minilm, dirname(wordnet), '--rows', rows, '--json'], {
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  return torchSchema.parse(lastJson(stdout));
}

/** An epoch has steps of several lengths, so what compares is the mean step, not the median one. */
function epochRatios(epoch: readonly Measured[]): Budgeted[] {
  const meanOf = (peer: string) => epoch.find((row) => row.peer === peer)!.meanMs;
  const ratio = (peer: string, budget: number | null) => ({
    what: `an epoch: temper / ${peer}`,
    value: meanOf('temper') / meanOf(peer),
    budget,
  });
  return [ratio(PADDED, 0.6), ratio(BY_BATCH, null)];
}

type Demo = z.infer<typeof demoSchema>;
type Torch = z.infer<typeof torchSchema>;

interface Part {
  readonly report: readonly string[];
  readonly budgets: readonly Budgeted[];
  readonly figures: unknown;
}

async function anEpoch(say: (sentence: string) => void): Promise<Part> {
  const epoch = await epochInTurns(say);
  const rows = epoch.map(({ peer, meanMs, minMs, maxMs }) => [
    ...[peer, ((meanMs * STEPS_PER_EPOCH) / 1000).toFixed(1)],
    ...[meanMs, minMs, maxMs].map((ms) => ms.toFixed(1)),
  ]);
  const report = [
    `\nAn epoch of ${ROWS_PER_EPOCH} rows at their real lengths, in turns of 30 steps; dropout 0.1:`,
    `\n${table(['what', 'epoch, s', 'mean step, ms', 'min', 'max'], rows)}`,
  ];
  return { report, budgets: epochRatios(epoch), figures: epoch };
}

async function wholeRuns(peers: boolean, rounds: number, say: (sentence: string) => void): Promise<Part> {
  const ours: Demo[] = [];
  const theirs: Torch[] = [];
  for (let round = 1; round <= rounds; round++) {
    say(`Round ${round} of ${rounds}: temper demo...`);
    ours.push(await demo());
    if (!peers) continue;
    say(`Round ${round} of ${rounds}: two epochs in PyTorch...`);
    theirs.push(await torch());
  }
  const accuracy = mean(ours.map((each) => each.testAccuracy));
  const budgets: Budgeted[] = [{ what: 'test accuracy', value: accuracy, budget: 0.8, atLeast: true }];
  const rows = [['temper demo', figure(ours, 'runSeconds'), figure(ours, 'totalSeconds'), accuracy.toFixed(4)]];
  if (peers) {
    const value = median(ours.map((each, i) => each.totalSeconds / theirs[i]!.seconds));
    budgets.push({ what: 'demo, all of it / PyTorch, two epochs of training alone', value, budget: 1 });
    const theirAccuracy = mean(theirs.map((each) => each.accuracy)).toFixed(4);
    rows.push(['torch eager fp32', figure(theirs, 'seconds'), figure(theirs, 'wallSeconds'), theirAccuracy]);
  }
  const report = [
    `\nThe whole in seconds, ${rounds} ${rounds === 1 ? 'round' : 'rounds in turn'}: three epochs of the demo with ` +
      'validation, checkpoints and test; two of PyTorch:',
    `\n${table(['what', 'training', 'whole run', 'test accuracy'], rows)}`,
  ];
  return { report, budgets, figures: { ours, theirs } };
}

export const glosses: Bench = {
  name: 'glosses',
  description: 'the demo, from its start to the test accuracy; with --peers beside PyTorch, an epoch and the whole',
  defaultRounds: 1,
  async run({ peers, rounds, only, say }) {
    if (peers) peersPython();
    if (only === '') await settled(say);
    const before = load();
    const parts: Part[] = [];
    if (peers && 'epoch'.includes(only)) parts.push(await anEpoch(say));
    if ('whole'.includes(only)) parts.push(await wholeRuns(peers, rounds, say));
    const machine = await describeBench(peers);
    const budgets = parts.flatMap((part) => part.budgets);
    return {
      report: [
        ...machine.map((line) => `- ${line}`),
        `- load of the machine before: ${before}`,
        ...parts.flatMap(({ report }) => report),
        `\n${budgetTable(budgets)}`,
      ].join('\n'),
      figures: {
        machine,
        parts: parts.map(({ figures }) => figures),
        ratios: budgets.map((each) => ({ ...each, met: isMet(each) })),
      },
      missed: missedBudgets(budgets),
    };
  },
};

const figure = <Key extends string>(all: readonly Record<Key, number>[], key: Key): string =>
  median(all.map((each) => each[key])).toFixed(1);

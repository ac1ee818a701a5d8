import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { partPaths } from '../infra/parts.mjs';
import { repositoryRoot } from '../infra/parts/root.mjs';
import type { Bench } from './bench.js';
import { median } from './interleave.js';
import { describeBench } from './machine.js';
import { peersPython } from './peers/environment.mjs';
import { budgetTable, isMet, table, type Budgeted } from './results.js';

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

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

export const glosses: Bench = {
  name: 'glosses',
  description: 'the demo, from its start to the test accuracy; with --peers beside two epochs of PyTorch',
  defaultRounds: 1,
  async run({ peers, rounds, say }) {
    const ours: z.infer<typeof demoSchema>[] = [];
    const theirs: z.infer<typeof torchSchema>[] = [];
    if (peers) peersPython();
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
      const share = median(ours.map((each, i) => each.totalSeconds / theirs[i]!.seconds));
      budgets.push({ what: 'demo, all of it / PyTorch, two epochs of training alone', value: share, budget: 1 });
      const theirAccuracy = mean(theirs.map((each) => each.accuracy)).toFixed(4);
      rows.push(['torch eager fp32', figure(theirs, 'seconds'), figure(theirs, 'wallSeconds'), theirAccuracy]);
    }
    const machine = await describeBench(peers);
    return {
      report: [
        ...machine.map((line) => `- ${line}`),
        `- ${rounds} ${rounds === 1 ? 'round' : 'rounds in turn'}, the same rows for both; seconds`,
        `\n${table(['what', 'training', 'whole run', 'test accuracy'], rows)}`,
        `\n${budgetTable(budgets)}`,
      ].join('\n'),
      figures: { machine, ours, theirs, ratios: budgets.map((each) => ({ ...each, met: isMet(each) })) },
      missed: budgets.filter((each) => !isMet(each)).map(({ what, value }) => `${what} is ${value.toFixed(3)}`),
    };
  },
};

const figure = <Key extends string>(all: readonly Record<Key, number>[], key: Key): string =>
  median(all.map((each) => each[key])).toFixed(1);

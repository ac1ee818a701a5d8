import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { partPaths } from '../infra/parts.mjs';
import { repositoryRoot } from '../infra/parts/root.mjs';
import { startDetached } from '../infra/stack/detach.js';
import { findStack, requireRunning } from '../infra/stack/find.js';
import { chosenFolder } from '../infra/stack/folder.js';
import { shutDown } from '../infra/stack/shut-down.js';
import { CliError, exitCode } from '../infra/errors.js';
import { withStore, withTemporal } from './services.js';
import { submit, withCheckedJob } from './submit.js';
import { follow, type Followed } from './watch.js';

const help = `
It trains MiniLM on 12,600 WordNet glosses of 21 topics: three epochs, test accuracy 0.81, in two to four minutes on 4 cores.
The stack is the one of this directory: one that runs is used and left running, else it is started and stopped again.`;

/** The demo is about the embedded stack; a cluster that the user has configured is left alone. */
const NOT_FOR_THE_DEMO = [
  'TEMPORAL_ADDRESS',
  'TEMPORAL_PROFILE',
  'TEMPORAL_CONFIG_FILE',
  'TEMPER_S3_ENDPOINT',
  'TEMPER_S3_BUCKET',
];

export const demo = (): Command =>
  new Command('demo')
    .description('Fine-tune a real model on real data, from nothing, and say what to try next')
    .option('--json', 'end with one JSON object', false)
    .addHelpText('after', help)
    .action(async ({ json }: { json: boolean }) => {
      for (const name of NOT_FOR_THE_DEMO) delete process.env[name];
      const startMs = performance.now();
      const jobFile = await prepareExample();
      const folder = chosenFolder(undefined, process.env, process.cwd());
      process.env['TEMPER_HOME'] = folder;
      const wasRunning = isRunning(folder);
      if (!wasRunning) {
        console.error('Starting Temporal, S3 and workers on this machine...');
        const entry = process.argv[1]!;
        await startDetached({ folder, entry, args: ['up', '--folder', folder, '--json'] });
      }
      try {
        const { run, end, runSeconds } = await train(jobFile, json);
        if (end.state !== 'done' || !end.result) throw new CliError(end.message, exitCode.runFailed);
        const { accuracy = Number.NaN } = end.result.evaluation.metrics;
        const totalSeconds = (performance.now() - startMs) / 1000;
        if (json) console.log(JSON.stringify({ run, testAccuracy: accuracy, runSeconds, totalSeconds }));
        else console.log(nextSteps(run, accuracy, totalSeconds, wasRunning));
      } finally {
        if (!wasRunning) await shutDown({ folder, now: false, onStopping: () => undefined });
      }
    });

/** The rows of the example, written anew each time from the data that set-up fetched; rows.csv fixes the split. */
async function prepareExample(): Promise<string> {
  const example = join(repositoryRoot(), 'examples', 'glosses');
  const { wordnet } = partPaths();
  if (!existsSync(wordnet)) throw new CliError('The demo data is not set up yet: run `npm run setup`.');
  const args = [join(example, 'make-rows.mjs'), wordnet, '--check', '--data', join(example, 'glosses.jsonl')];
  await promisify(execFile)(process.execPath, args);
  return join(example, 'job.yaml');
}

function isRunning(folder: string): boolean {
  try {
    const stack = findStack({ TEMPER_HOME: folder }, process.cwd());
    if (!stack) return false;
    requireRunning(stack);
    return true;
  } catch {
    return false; // stopped or dead: `up` reclaims what it left
  }
}

const train = (jobFile: string, json: boolean): Promise<{ run: string; end: Followed; runSeconds: number }> =>
  withCheckedJob(jobFile, (checked) =>
    withTemporal((client) =>
      withStore(async (store) => {
        const run = await submit(client, store, checked);
        const startMs = performance.now();
        const end = await follow(client, run, { json });
        return { run, end, runSeconds: (performance.now() - startMs) / 1000 };
      }),
    ),
  );

const nextSteps = (run: string, accuracy: number, seconds: number, stackRuns: boolean): string => `
Test accuracy ${accuracy.toFixed(3)} after ${Math.round(seconds)} s, everything included.

What to try next:${stackRuns ? '' : '\n  npx temper up --detach                          the stack again, with this run in it'}
  npx temper predict ${run} "a large feline of forests in most of Asia"
  npx temper export ${run} --to my-model       a Hugging Face folder
  npx temper explain ${run}                    where it ran, and what was lost
  npx temper run examples/glosses/job.yaml --watch   again; kill -9 anything meanwhile: the same weights
  npx temper down                                 stop the stack`;

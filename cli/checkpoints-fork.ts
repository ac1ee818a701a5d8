import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Client } from '@temporalio/client';
import { Command, InvalidArgumentError } from 'commander';
import { parseJob } from '../job/parse.js';
import type { Job } from '../job/schema.js';
import { refOf, type Manifest } from '../storage/checkpoint/manifest.js';
import { pinCheckpoint, unpin } from '../storage/checkpoint/pins.js';
import { isStoreError } from '../storage/errors.js';
import type { ObjectStore } from '../storage/object-store.js';
import type { CheckpointRef, FineTuneInput, JobChanges, RunId } from '../workflows/contract.js';
import { jobWith } from '../workflows/policies/adjustments.js';
import { CliError } from '../infra/errors.js';
import { forkText } from './render/adjustments.js';
import { chooseCheckpoint, parseChosen, type Chosen } from './runs/choose-checkpoint.js';
import { checked, differences, parseSetting, withSettings, type Setting } from './runs/fork-job.js';
import { runInput } from './runs/run-input.js';
import { withRuns } from './runs/with-runs.js';
import { describe } from './runs/workflow-state.js';
import { withStore } from './services.js';
import { startFineTune } from './submit.js';

const help = `
The new run goes on from the checkpoint's state, at its step, with the data and the base model of the other run as they are on S3.
Its first checkpoint is a copy of its own; until then the other run's is pinned. Without changes it ends in the same bits.
The job may differ in what no state depends on: rates, schedule, epochs, regularisation, checkpoints; batch size between two epochs.

Examples:
  $ temper checkpoints fork glosses-1a2b3c4d                  from the newest checkpoint
  $ temper checkpoints fork glosses-1a2b3c4d@12               from checkpoint 12
  $ temper checkpoints fork "glosses-1a2b3c4d@step 480" --set train.learningRate=2e-5
  $ temper checkpoints fork glosses-1a2b3c4d@best --job gentler.yaml`;

const chosen = (text: string): Chosen => {
  const parsed = parseChosen(text);
  if (parsed) return parsed;
  throw new InvalidArgumentError('Expected RUN, RUN@NUMBER, "RUN@step N" or RUN@best.');
};

interface Options {
  readonly job?: string;
  readonly set: readonly Setting[];
  readonly json: boolean;
}

export const forkCommand = (): Command =>
  new Command('fork')
    .description('Start a new run from a checkpoint')
    .argument('<checkpoint>', 'RUN, RUN@NUMBER, "RUN@step N" or RUN@best', chosen)
    .option('--job <file>', "the new run's job file")
    .option('--set <key=value>', 'a key of the job; may be given more than once', collect, [])
    .option('--json', 'one JSON object', false)
    .addHelpText('after', help)
    .action((from: Chosen, options: Options) =>
      withRuns(async (client) => {
        const ref = await withStore((store) => fork(client, store, from, options));
        if (options.json) console.log(JSON.stringify(ref));
        else console.log(`${ref.run} begins from ${forkText(ref.from)}.\nFollow it with: temper watch ${ref.run}`);
      }),
    );

function collect(text: string, before: readonly Setting[]): Setting[] {
  return [...before, parseSetting(text)];
}

async function fork(
  client: Client,
  store: ObjectStore,
  from: Chosen,
  { job: file, set }: Options,
): Promise<{ run: RunId; from: CheckpointRef }> {
  await describe(client, from.run);
  const { job: begun, source, model, synonyms } = await runInput(client, from.run);
  const manifest = await chooseCheckpoint(store, from, begun.selectBest);
  const parent = adjustedJob(begun, manifest);
  const job = withSettings(file === undefined ? parent : await jobOf(file, parent), set);
  requireFit(parent, job, manifest);

  const run = `${job.name}-${randomBytes(4).toString('hex')}` as RunId;
  const ref = refOf(manifest);
  const input: FineTuneInput = {
    ...{ run, job, source, model, ...(synonyms && { synonyms }) },
    fork: { from: ref, pin: run, observations: manifest.observations },
  };
  await pinCheckpoint(store, ref, { name: run, neededBy: run }).catch((error: unknown) => {
    throw isStoreError(error, 'missing') ? new CliError(error.message) : error;
  });
  try {
    await startFineTune(client, input);
  } catch (error) {
    await unpin(store, ref.run, run);
    throw error;
  }
  return { run, from: ref };
}

/** As it held when the checkpoint was made. */
const adjustedJob = (job: Job, { adjustments = [] }: Manifest): Job =>
  jobWith(job, Object.assign({}, ...adjustments.map(({ changes }) => changes)) as JobChanges);

async function jobOf(file: string, parent: Job): Promise<Job> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new CliError(`There is no job file ${file}.`);
  });
  const job = checked(
    () => parseJob(text, file),
    (problem) => `${file}: ${problem}`,
  );
  return { ...job, pretrained: parent.pretrained }; // nothing begins anew
}

function requireFit(parent: Job, job: Job, { run, sequence, epoch, cursor, step }: Manifest): void {
  const differing = differences(parent, job, { step, epoch, cursor });
  if (differing.length > 0) {
    const where = cursor > 0 ? `, which is within epoch ${epoch + 1},` : '';
    throw new CliError(
      `The state of checkpoint ${sequence} of ${run}${where} cannot go on with this job, which differs in ${differing.join(', ')}. ` +
        'Leave these as they are, or begin anew with `temper run`.',
    );
  }
  if (epoch >= job.train.epochs) {
    throw new CliError(
      `Checkpoint ${sequence} of ${run} has all ${job.train.epochs} epochs done: choose an earlier one, or --set train.epochs=${epoch + 1} or more.`,
    );
  }
}

import { Command } from 'commander';
import { exitCode } from '../infra/errors.js';
import { count } from './render/units.js';
import { storeFailure, withStore, withTemporal } from './services.js';
import type { FeatureReuse } from '../models/feature-reuse.js';
import { submit, withCheckedJob, type CheckedJob } from './submit.js';
import { follow } from './watch.js';

const help = `
Everything is checked before anything starts: the job file, the services, every row of the data, the model's tensors.
The data and the model are then put on S3: the run no longer needs this machine.

Examples:
  $ temper run job.yaml                 start it; prints the run's id
  $ temper run job.yaml --watch         and follow it to its end (Ctrl-C leaves it running)
  $ temper run job.yaml --check         only look for mistakes`;

export const run = (): Command =>
  new Command('run')
    .description('Check a job file and start its run')
    .argument('<job>', 'the job file, YAML or JSON (docs/job.md)')
    .option('--watch', 'follow the run to its end', false)
    .option('--check', 'check everything, start nothing', false)
    .option('--json', 'one JSON object', false)
    .addHelpText('after', help)
    .action(async (path: string, options: RunOptions) => {
      await withCheckedJob(path, (checked) => start(path, checked, options));
    });

async function start(path: string, checked: CheckedJob, options: RunOptions): Promise<void> {
  const { rows, labels, stepsPerEpoch, warnings } = checked.report;
  for (const sentence of checked.model.replaced) console.error(`temper: ${sentence}`);
  for (const warning of warnings) console.error(`temper: ${warning}`);
  const said = { rows, classes: labels.length, stepsPerEpoch, model: checked.modelName, features: checked.features };
  if (options.check) {
    console.log(options.json ? JSON.stringify({ ok: true, ...said }) : `${path} is fine: ${describe(said)}.`);
    return;
  }
  await withTemporal((client, { uiUrl }) =>
    withStore(async (store) => {
      const id = await submit(client, store, checked).catch((error: unknown) => {
        throw storeFailure(error);
      });
      if (options.json && !options.watch) console.log(JSON.stringify({ run: id, ...said }));
      else if (!options.json) {
        console.log(`${id}: ${describe(said)}`);
        if (uiUrl) console.log(`Temporal's view: ${uiUrl}/namespaces/default/workflows/${id}`);
        if (!options.watch) console.log(`Follow it with: temper watch ${id}`);
      }
      if (!options.watch) return;
      const outcome = await follow(client, id, { json: options.json });
      if (outcome.state !== 'done') process.exitCode = exitCode.runFailed; // the view has said why
    }),
  );
}

interface RunOptions {
  readonly watch: boolean;
  readonly check: boolean;
  readonly json: boolean;
}

interface Said {
  readonly rows: { readonly train: number; readonly validation: number; readonly test: number };
  readonly classes: number;
  readonly stepsPerEpoch: number | null;
  readonly model: string;
  readonly features: FeatureReuse;
}

function describe({ rows, classes, stepsPerEpoch, model, features }: Said): string {
  return [
    `${model}, ${count(rows.train)} + ${count(rows.validation)} + ${count(rows.test)} rows (train, validation, test)`,
    ...(classes > 0 ? [`${classes} classes`] : []),
    ...(stepsPerEpoch === null ? [] : [`${count(stepsPerEpoch)} steps an epoch`]),
    ...(features.reuse ? ['what the frozen base makes of them is computed once'] : []),
  ].join(', ');
}

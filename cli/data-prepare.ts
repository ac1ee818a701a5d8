import { Command } from 'commander';
import { datasetManifestSchema, type DatasetManifest } from '../data/manifest.js';
import type { ObjectStore } from '../storage/object-store.js';
import type { DatasetRef } from '../workflows/contract.js';
import { CliError, exitCode } from '../infra/errors.js';
import { renderDataset } from './render/dataset.js';
import { followPreparation, startPreparation } from './runs/preparation.js';
import { withRuns } from './runs/with-runs.js';
import { storeFailure, withStore } from './services.js';
import { storeModel, storeSource, withCheckedJob, type CheckedJob } from './submit.js';

const help = `
The job is checked as \`temper run\` checks it, its data are put on S3, and the workers make of them what a run trains on.
A run of the same data and the same settings then begins at once. What was prepared before is told, not made again; after a
kill it goes on where it was. Ctrl-C leaves it going on.

Examples:
  $ temper data prepare job.yaml
  $ temper data prepare job.yaml --json | jq .rows`;

export const dataPrepare = (): Command =>
  new Command('prepare')
    .description('Prepare the data of a job without training on them')
    .argument('<job>', 'the job file, YAML or JSON (docs/job.md)')
    .option('--json', 'one JSON object', false)
    .addHelpText('after', help)
    .action((path: string, options: { json: boolean }) =>
      withCheckedJob(path, (checked) => prepare(checked, options.json)),
    );

async function prepare(checked: CheckedJob, json: boolean): Promise<void> {
  for (const warning of checked.report.warnings) console.error(`temper: ${warning}`);
  await withRuns((client) =>
    withStore(async (store) => {
      await store.ensureBucket();
      const [source, model] = await Promise.all([storeSource(store, checked), storeModel(store, checked)]).catch(
        (error: unknown) => {
          throw storeFailure(error);
        },
      );
      const id = await startPreparation(client, { job: checked.job, source, model });
      const end = await followPreparation(client, id, (line) => console.error(line));
      if (end.state === 'failed') throw new CliError(end.message, exitCode.runFailed);
      const { dataset } = end;
      const manifest = await readManifest(store, dataset);
      const place = store.where(dataset.manifest.key);
      if (json) console.log(JSON.stringify({ id, digest: dataset.digest, place, ...manifest }));
      else console.log(renderDataset(manifest, { digest: dataset.digest, place }).join('\n'));
    }),
  );
}

async function readManifest(store: ObjectStore, { manifest }: DatasetRef): Promise<DatasetManifest> {
  const { bytes } = await store.get(manifest.key);
  return datasetManifestSchema.parse(JSON.parse(bytes.toString()));
}

/**
 * From a job file to a running workflow. Everything that can be wrong is looked at before anything starts: the job, the
 * services, the source down to its last row, the model down to the shapes of its tensors. Then the inputs are put on S3,
 * so that the run does not depend on this machine any more.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { WorkflowIdReusePolicy, type Client } from '@temporalio/client';
import { storeFiles } from '../activities/source/local.js';
import { LINES_FORMAT } from '../data/augment/synonym-table.js';
import { DataError } from '../data/data-error.js';
import type { SourceReport } from '../data/inspect-source.js';
import { JobError } from '../job/job-error.js';
import { parseJob } from '../job/parse.js';
import type { Job } from '../job/schema.js';
import { outputsOf } from '../models/families/labels.js';
import { featureReuse, type FeatureReuse } from '../models/feature-reuse.js';
import { configFor, inspectModelFolder, type ModelFolder } from '../models/folder.js';
import { checkJobFitsModel } from '../models/job-fit.js';
import { ModelError } from '../models/model-error.js';
import { putContent } from '../storage/content.js';
import { modelFileKey, sourceKey } from '../storage/layout.js';
import type { ObjectStore } from '../storage/object-store.js';
import type { FineTuneInput, ModelRef, RunContext, RunId, Sha256, SourceRef } from '../workflows/contract.js';
import { CONTROL_QUEUE } from '../workflows/handlers.js';
import { checkLocalSource } from './check-source.js';
import { CliError } from '../infra/errors.js';
import { localSource, nameOfSource, shortName, type LocalSource } from './local-source.js';
import { modelSource, type ModelSource } from './model-source.js';
import { synonymSource } from './synonym-source.js';

/** A job whose inputs were all found good. */
export interface CheckedJob extends LocalSource {
  readonly job: Job;
  readonly model: ModelFolder;
  readonly modelName: string;
  readonly report: SourceReport;
  /** The table of data.augment.synonyms, as a file of this command's own; null where there is none. */
  readonly synonyms: string | null;
  readonly features: FeatureReuse;
}

/**
 * Reads and checks a job file with all it names, and calls `use` while what was made of them is there.
 * @throws CliError with every problem that was found.
 */
export async function withCheckedJob<Result>(
  path: string,
  use: (checked: CheckedJob) => Promise<Result>,
): Promise<Result> {
  const scratch = await mkdtemp(join(tmpdir(), 'temper-run-'));
  try {
    return await use(await checkJobFile(path, scratch));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function checkJobFile(path: string, scratch: string): Promise<CheckedJob> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new CliError(`There is no job file ${path}.`);
  });
  let named: ModelSource | null = null;
  try {
    const written = parseJob(text, path);
    named = await modelSource(written, dirname(path), scratch);
    const { folder, name, job, complete } = named;
    const source = await localSource(job, dirname(path), scratch);
    if (!complete) checkJobFitsModel(job, await inspectModelFolder(folder, job));
    const report = await checkLocalSource(source, job);
    await complete?.(report);
    const { synonyms, warnings } = await synonymSource(job, dirname(path), folder, scratch);
    const model = await modelFor(folder, job, report);
    const layout = checkJobFitsModel(job, model, outputsOf(job, report.labels));
    const features = featureReuse(job, model.family, layout);
    if (job.reuseFeatures === 'on' && !features.reuse) {
      throw new ModelError(`reuseFeatures: on would not be exact: ${features.because}`);
    }
    const told = { ...report, warnings: [...report.warnings, ...warnings] };
    return { job, ...source, model, modelName: name, report: told, synonyms, features };
  } catch (error) {
    if (error instanceof JobError || error instanceof DataError || error instanceof ModelError) {
      // What was made of the user's model is nowhere that the user knows.
      const message = named ? error.message.replaceAll(named.folder, named.place) : error.message;
      throw new CliError(message, undefined, { cause: error });
    }
    throw error;
  }
}

/** The base model with what the data decides of it. */
async function modelFor(folder: string, job: Job, { labels, kind, width }: SourceReport): Promise<ModelFolder> {
  const opened = await inspectModelFolder(folder, job, labels);
  return { ...opened, config: configFor(opened, { kind, ...(width !== null && { width }) }) };
}

/** Puts source and model on S3, where they are not there yet, and starts the run. */
export async function submit(client: Client, store: ObjectStore, checked: CheckedJob): Promise<RunId> {
  await store.ensureBucket();
  const [source, model, table] = await Promise.all([
    storeSource(store, checked),
    storeModel(store, checked),
    storeSynonyms(store, checked),
  ]);
  const run = `${checked.job.name}-${randomBytes(4).toString('hex')}` as RunId;
  await startFineTune(client, { run, job: checked.job, source, model, ...table });
  return run;
}

/** Starts the workflow of a run whose inputs are on S3. */
export async function startFineTune(client: Client, input: FineTuneInput): Promise<void> {
  const { run, job, model } = input;
  await client.workflow.start('fineTune', {
    workflowId: run,
    taskQueue: CONTROL_QUEUE,
    args: [input],
    workflowTaskTimeout: '5 seconds',
    workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
    memo: {
      job: job.name,
      model: model.name,
      task: job.task,
      pairs: job.data.textPair !== undefined,
    },
    staticSummary: `${job.name}: ${model.name} on ${nameOfSource(job.data)}`,
  });
}

export const storeSource = (store: ObjectStore, checked: CheckedJob): Promise<SourceRef> =>
  storeFiles(store, checked, shortName(checked.sourceName));

export const storeSynonyms = async (
  store: ObjectStore,
  { synonyms }: CheckedJob,
): Promise<Pick<RunContext, 'synonyms'>> =>
  synonyms === null ? {} : { synonyms: await putContent(store, (sha256) => sourceKey(sha256, LINES_FORMAT), synonyms) };

export async function storeModel(store: ObjectStore, { model, modelName }: CheckedJob): Promise<ModelRef> {
  const files = await Promise.all(
    model.files.map(({ name, path }) =>
      putContent(store, (sha256) => modelFileKey(modelName, sha256, extname(name).slice(1)), path),
    ),
  );
  const listed = files.map(({ name, sha256 }) => `${name} ${sha256}\n`).sort();
  const digest = createHash('sha256').update(listed.join('')).digest('hex') as Sha256;
  return { name: modelName, family: model.family.name, files, digest };
}

/**
 * From a job file to a running workflow. Everything that can be wrong is looked at before anything starts: the job, the
 * services, the source down to its last row, the model down to the shapes of its tensors. Then the inputs are put on S3,
 * so that the run does not depend on this machine any more.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, isAbsolute, resolve } from 'node:path';
import { WorkflowIdReusePolicy, type Client } from '@temporalio/client';
import { fileSource } from '../data/byte-source.js';
import { DataError } from '../data/data-error.js';
import { checkSource, type SourceReport } from '../data/inspect-source.js';
import { formatOf } from '../data/readers/read-rows.js';
import { partPaths } from '../infra/parts.mjs';
import { JobError } from '../job/job-error.js';
import { parseJob } from '../job/parse.js';
import type { Job } from '../job/schema.js';
import { catalogueEntry } from '../models/catalogue.js';
import { inspectModelFolder, type ModelFolder } from '../models/folder.js';
import { checkJobFitsModel } from '../models/job-fit.js';
import { ModelError } from '../models/model-error.js';
import { putContent } from '../storage/content.js';
import { modelFileKey, sourceKey } from '../storage/layout.js';
import type { ObjectStore } from '../storage/object-store.js';
import type { FineTuneInput, ModelRef, RunId, Sha256, SourceRef } from '../workflows/contract.js';
import { CONTROL_QUEUE } from '../workflows/handlers.js';
import { CliError } from './errors.js';

/** A job whose inputs were all found good. */
export interface CheckedJob {
  readonly job: Job;
  readonly sourcePath: string;
  readonly model: ModelFolder;
  readonly modelName: string;
  readonly report: SourceReport;
}

/** Reads and checks a job file with all it names. @throws CliError with every problem that was found. */
export async function checkJobFile(path: string): Promise<CheckedJob> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new CliError(`There is no job file ${path}.`);
  });
  try {
    const job = parseJob(text, path);
    if (job.data.source.includes('://')) throw notOnDisk(job.data.source);
    const sourcePath = resolve(dirname(path), job.data.source);
    const { folder, name } = modelLocation(job.model, dirname(path));
    const model = await inspectModelFolder(folder);
    const report = await checkSource({ source: await fileSource(sourcePath, job.data.source), job });
    checkJobFitsModel(job, model.config, report.labels.length);
    return { job, sourcePath, model, modelName: name, report };
  } catch (error) {
    if (error instanceof JobError || error instanceof DataError || error instanceof ModelError) {
      throw new CliError(error.message, undefined, { cause: error });
    }
    throw error;
  }
}

const notOnDisk = (source: string): DataError =>
  new DataError(
    `data.source: expected a path of this machine, found ${source}: download it first (temper run puts it on S3 for the workers)`,
  );

function modelLocation(model: string, jobFolder: string): { folder: string; name: string } {
  if (!model.startsWith('file:')) return { folder: partPaths().minilm, name: catalogueEntry(model).name };
  const path = model.slice('file:'.length);
  const folder = isAbsolute(path) ? path : resolve(jobFolder, path);
  return { folder, name: basename(folder).replaceAll(/[^A-Za-z0-9._-]/g, '-') };
}

/** Puts source and model on S3, where they are not there yet, and starts the run. */
export async function submit(client: Client, store: ObjectStore, checked: CheckedJob): Promise<RunId> {
  await store.ensureBucket();
  const [source, model] = await Promise.all([storeSource(store, checked), storeModel(store, checked)]);
  const run = `${checked.job.name}-${randomBytes(4).toString('hex')}` as RunId;
  const input: FineTuneInput = { run, job: checked.job, source, model };
  await client.workflow.start('fineTune', {
    workflowId: run,
    taskQueue: CONTROL_QUEUE,
    args: [input],
    workflowTaskTimeout: '5 seconds',
    workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
    memo: { job: checked.job.name, model: checked.modelName, task: checked.job.task },
    staticSummary: `${checked.job.name}: ${checked.modelName} on ${checked.job.data.source}`,
  });
  return run;
}

async function storeSource(store: ObjectStore, { sourcePath }: CheckedJob): Promise<SourceRef> {
  const name = basename(sourcePath);
  const file = await putContent(store, (sha256) => sourceKey(sha256, extname(name).slice(1)), sourcePath);
  return { name, format: formatOf(name), file };
}

async function storeModel(store: ObjectStore, { model, modelName }: CheckedJob): Promise<ModelRef> {
  const files = await Promise.all(
    model.files.map(({ name, path }) =>
      putContent(store, (sha256) => modelFileKey(modelName, sha256, extname(name).slice(1)), path),
    ),
  );
  const listed = files.map(({ name, sha256 }) => `${name} ${sha256}\n`).sort();
  const digest = createHash('sha256').update(listed.join('')).digest('hex') as Sha256;
  return { name: modelName, family: model.family, files, digest };
}

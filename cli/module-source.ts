/** A module of the user's as a model folder: it is asked once, when the job is submitted, in a process of its own. */
import { copyFile, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SourceReport } from '../data/inspect-source.js';
import { EngineDied } from '../engine/failure.js';
import type { Job } from '../job/schema.js';
import { outputsOf } from '../models/families/labels.js';
import { MODULE_FILE, moduleConfigJson, moduleFamily } from '../models/families/module-family.js';
import type { ModuleInputs } from '../models/families/module.js';
import { CONFIG_FILE, TOKENIZER_CONFIG_FILE, TOKENIZER_FILE, PREPROCESSOR_FILE } from '../models/folder.js';
import { checkTask } from '../models/job-fit.js';
import { ModelError } from '../models/model-error.js';
import { parseObject } from '../models/config-file.js';
import { checkTokenizer } from '../models/tokenizer-check.js';
import { withEngine } from './runs/local-engine.js';

export interface ModuleSource {
  readonly folder: string;
  /** Completes the folder, once the data is known. @throws ModelError or CliError for what is wrong with the module. */
  readonly complete: (report: SourceReport) => Promise<void>;
}

const BESIDE = [TOKENIZER_FILE, TOKENIZER_CONFIG_FILE, PREPROCESSOR_FILE];

/** Of a file that the user wrote, and of what lies beside it. */
export async function newModule(path: string, job: Job, folder: string): Promise<ModuleSource> {
  checkTask(job, moduleFamily);
  if (!/\.m?js$/.test(path)) {
    throw new ModelError(`model: expected a module as JavaScript (.mjs), found ${path}: build TypeScript first`);
  }
  await mkdir(folder, { recursive: true });
  await copyFile(path, join(folder, MODULE_FILE));
  const there = await readdir(dirname(path));
  for (const name of BESIDE) if (there.includes(name)) await copyFile(join(dirname(path), name), join(folder, name));
  return { folder, complete: (report) => complete(path, folder, job, report) };
}

/** Of a folder that a run has published: its weights are gone on from, its new data may have other classes. */
export async function publishedModule(published: string, job: Job, folder: string): Promise<ModuleSource> {
  checkTask(job, moduleFamily);
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(published)) {
    if (name !== CONFIG_FILE) await symlink(join(published, name), join(folder, name));
  }
  const config = parseObject(await readFile(join(published, CONFIG_FILE), 'utf8'), join(published, CONFIG_FILE));
  return { folder, complete: (report) => complete(join(published, MODULE_FILE), folder, job, report, config) };
}

async function complete(
  path: string,
  folder: string,
  job: Job,
  report: SourceReport,
  said: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const outputs = outputsOf(job, report.labels);
  const inputs = await inputsOf(job, report, folder, dirname(path));
  checkWidth(job, said['inputs'] as ModuleInputs | undefined, inputs);
  const tensors = await withEngine(
    { log: 'module', allowModules: true, patienceMs: TRIED_WITHIN_MS },
    (engine, logFile) =>
      engine.request('declareModule', { job, path, outputs, inputs }).catch((error: unknown) => {
        if (!(error instanceof EngineDied)) throw error;
        const told = `${error.message}; what it printed is in ${logFile}`;
        throw new ModelError(`${path}: it ended the process that it was tried in, or never came to an end: ${told}`);
      }),
  );
  const config = { ...said, ...moduleConfigJson({ inputs, outputs, tensors }) };
  await writeFile(join(folder, CONFIG_FILE), `${JSON.stringify(config)}\n`);
}

/** Weights of a table's first layer fit its width alone. */
function checkWidth({ pretrained }: Job, trained: ModuleInputs | undefined, found: ModuleInputs): void {
  if (!pretrained || trained?.kind !== 'features' || found.kind !== 'features' || trained.width === found.width) return;
  throw new ModelError(
    `model: expected ${trained.width} inputs, as it was trained with, found ${found.width} in the data: use the columns of that training`,
  );
}

const TRIED_WITHIN_MS = 120_000;

/** Pixels of a side, where the job names none. */
const IMAGE_SIZE = 224;

async function inputsOf(job: Job, report: SourceReport, folder: string, beside: string): Promise<ModuleInputs> {
  switch (report.kind) {
    case 'features':
      return { kind: 'features', width: report.width! };
    case 'images': {
      const size = job.data.imageSize ?? IMAGE_SIZE;
      return { kind: 'pixels', height: size, width: size, channels: 3 };
    }
    case 'tokens': {
      const read = async (name: string) =>
        parseObject(
          await readFile(join(folder, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
            if (error.code !== 'ENOENT') throw error;
            if (name === TOKENIZER_CONFIG_FILE) return '{}';
            throw new ModelError(
              `${join(beside, name)} is missing: a module that reads texts needs its tokenizer beside it`,
            );
          }),
          join(beside, name),
        );
      const [tokenizer, settings] = [await read(TOKENIZER_FILE), await read(TOKENIZER_CONFIG_FILE)];
      const { largestId } = checkTokenizer(tokenizer, settings, Infinity, join(beside, TOKENIZER_FILE));
      return { kind: 'tokens', vocabulary: largestId + 1, maxLength: job.data.maxLength };
    }
  }
}

/** Where a job's model is on this machine, as a folder of config.json and safetensors whatever it was before. */
import { copyFile, mkdir, stat, writeFile } from 'node:fs/promises';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { partPaths } from '../infra/parts.mjs';
import type { Job } from '../job/schema.js';
import { catalogueEntry } from '../models/catalogue.js';
import { mlpConfigJson } from '../models/families/mlp.js';
import { CONFIG_FILE } from '../models/folder.js';
import { findLayersModel, importLayersModel } from '../models/keras/import.js';
import { ModelError } from '../models/model-error.js';

export interface ModelSource {
  readonly folder: string;
  readonly name: string;
  /** The job as this model wants it: what has no pre-trained weights begins from random ones. */
  readonly job: Job;
}

/**
 * `jobFolder`: relative paths are relative to it. `scratch`: a folder of this command's own, where a model is put that is no
 * such folder yet. @throws ModelError for a name that is not known and a place that is not there.
 */
export async function modelSource(job: Job, jobFolder: string, scratch: string): Promise<ModelSource> {
  const [, scheme, rest] = /^(file|module):(.*)$/s.exec(job.model) ?? [];
  if (scheme === undefined) return catalogued(job, scratch);
  const path = isAbsolute(rest!) ? rest! : resolve(jobFolder, rest!);
  const found = await stat(path).catch(() => null);
  if (!found) throw new ModelError(`model: there is no ${scheme === 'file' ? 'folder or file' : 'module'} ${path}`);
  const name = basename(path).replaceAll(/[^A-Za-z0-9._-]/g, '-');
  if (scheme === 'module')
    return { folder: await moduleFolder(path, scratch), name, job: { ...job, pretrained: false } };
  const keras = await findLayersModel(path);
  if (keras === null) return { folder: path, name, job };
  const folder = join(scratch, 'imported');
  await importLayersModel(keras, folder);
  return { folder, name, job };
}

async function catalogued(job: Job, scratch: string): Promise<ModelSource> {
  const { name } = catalogueEntry(job.model);
  switch (name) {
    case 'minilm-l6':
      return { folder: partPaths().minilm, name, job };
    case 'mobilenet-v2':
      return { folder: partPaths().mobilenet, name, job };
    case 'mlp': {
      const folder = join(scratch, 'mlp');
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, CONFIG_FILE), `${JSON.stringify(mlpConfigJson(job))}\n`);
      return { folder, name, job: { ...job, pretrained: false } };
    }
    default:
      throw new Error(`the catalogue's ${name} is nowhere on this machine`);
  }
}

/** The module travels like any file of a model. */
async function moduleFolder(path: string, scratch: string): Promise<string> {
  if (!/\.m?js$/.test(path)) {
    throw new ModelError(`model: expected a module as JavaScript (.mjs), found ${path}: build TypeScript first`);
  }
  const folder = join(scratch, 'module');
  await mkdir(folder, { recursive: true });
  await copyFile(path, join(folder, 'model.mjs'));
  await writeFile(join(folder, CONFIG_FILE), `${JSON.stringify({ model_type: 'temper-module' })}\n`);
  return folder;
}

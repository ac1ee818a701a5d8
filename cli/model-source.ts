/** Where a job's model is on this machine, as a folder of config.json and safetensors whatever it was before. */
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { partPaths } from '../infra/parts.mjs';
import type { Job } from '../job/schema.js';
import { catalogueEntry } from '../models/catalogue.js';
import { mlpConfigJson } from '../models/families/mlp.js';
import { MODULE_FILE } from '../models/families/module-family.js';
import { CONFIG_FILE, TOKENIZER_FILE } from '../models/folder.js';
import { findLayersModel, importLayersModel } from '../models/keras/import.js';
import { ModelError } from '../models/model-error.js';
import { newModule, publishedModule, type ModuleSource } from './module-source.js';

export interface ModelSource {
  readonly folder: string;
  readonly name: string;
  /** The job as this model wants it: what has no pre-trained weights begins from random ones. */
  readonly job: Job;
  /** Where the user has it. */
  readonly place: string;
  /** Of a module: completes the folder when the data is known. */
  readonly complete?: ModuleSource['complete'];
}

/**
 * `jobFolder`: relative paths are relative to it. `scratch`: a folder of this command's own, where a model is put that is no
 * such folder yet. @throws ModelError for a name that is not known and a place that is not there.
 */
export async function modelSource(job: Job, jobFolder: string, scratch: string): Promise<ModelSource> {
  const [, scheme, rest] = /^(file|module):(.*)$/s.exec(job.model) ?? [];
  if (scheme === undefined) return catalogued(job, scratch);
  const place = isAbsolute(rest!) ? rest! : resolve(jobFolder, rest!);
  const found = await stat(place).catch(() => null);
  if (!found) throw new ModelError(`model: there is no ${scheme === 'file' ? 'folder or file' : 'module'} ${place}`);
  const name = basename(place).replaceAll(/[^A-Za-z0-9._-]/g, '-');
  if (scheme === 'module') {
    if (!found.isFile()) throw new ModelError(`model: expected a file, found the folder ${place}`);
    const untrained = { ...job, pretrained: false };
    return { name, place, job: untrained, ...(await newModule(place, untrained, join(scratch, 'module'))) };
  }
  const keras = await findLayersModel(place);
  if (keras !== null) {
    requireTokenizer(job, keras, await readdir(dirname(keras)));
    const folder = join(scratch, 'imported');
    await importLayersModel(keras, folder);
    return { folder, name, place, job };
  }
  if (found.isDirectory() && (await readdir(place)).includes(MODULE_FILE)) {
    return { name, place, job, ...(await publishedModule(place, job, join(scratch, 'module'))) };
  }
  return { folder: place, name, place, job };
}

async function catalogued(job: Job, scratch: string): Promise<ModelSource> {
  const { name } = catalogueEntry(job.model);
  switch (name) {
    case 'minilm-l6':
      return { folder: partPaths().minilm, name, place: name, job };
    case 'mobilenet-v2':
      return { folder: partPaths().mobilenet, name, place: name, job };
    case 'mlp': {
      const folder = join(scratch, 'mlp');
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, CONFIG_FILE), `${JSON.stringify(mlpConfigJson(job))}\n`);
      return { folder, name, place: name, job: { ...job, pretrained: false } };
    }
    default:
      throw new Error(`the catalogue's ${name} is nowhere on this machine`);
  }
}

/** @throws ModelError where a model of texts has no tokenizer. */
function requireTokenizer({ task }: Job, keras: string, there: readonly string[]): void {
  if (task !== 'text-classification' || there.includes(TOKENIZER_FILE)) return;
  const path = join(dirname(keras), TOKENIZER_FILE);
  throw new ModelError(`${path} is missing: a Keras model that reads token ids needs its tokenizer beside it`);
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Job } from '../job/schema.js';
import { parseBertConfig } from '../models/bert-config.js';
import { bertTensors, headTensors } from '../models/bert-layout.js';
import { CONFIG_FILE } from '../models/folder.js';
import { resolveFreeze, type FrozenLayout } from '../models/freeze.js';
import { materialize } from '../storage/materialize.js';
import type { CallOptions } from '../storage/object-store.js';
import type { DatasetRef, ModelRef } from '../workflows/contract.js';
import type { ActivityDependencies } from './dependencies.js';

/** The base model as a local folder, fetched once per host. */
export const modelFolder = (
  { store, cacheFolder }: ActivityDependencies,
  model: ModelRef,
  options: CallOptions,
): Promise<string> => materialize(store, model.files, cacheFolder, `model-${model.digest}`, options);

/** Which tensors of the model train under this job. */
export async function frozenLayout(
  dependencies: ActivityDependencies,
  job: Job,
  model: ModelRef,
  dataset: DatasetRef,
  options: CallOptions,
): Promise<FrozenLayout> {
  const folder = await modelFolder(dependencies, model, options);
  const config = parseBertConfig(await readFile(join(folder, CONFIG_FILE), 'utf8'));
  return resolveFreeze(job.freeze, [...bertTensors(config), ...headTensors(config, dataset.classes)]);
}

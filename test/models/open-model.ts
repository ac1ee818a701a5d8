import type { Job } from '../../job/schema.js';
import { readBaseTensors } from '../../models/base-tensors.js';
import { outputsOf } from '../../models/families/labels.js';
import { inspectModelFolder, type ModelFolder } from '../../models/folder.js';
import type { Model } from '../../training/model.js';
import { buildModel } from '../../training/models/index.js';

export interface OpenModel {
  readonly folder: ModelFolder;
  readonly model: Model;
  /** What the folder holds of the model's tensors. */
  readonly weights: Map<string, Float32Array>;
}

/** A folder as a run has it, with its weights in memory. */
export async function openModel(path: string, job: Job, labels: readonly string[]): Promise<OpenModel> {
  const folder = await inspectModelFolder(path, job, labels);
  const model = buildModel(folder.family.name, folder.config, job, outputsOf(job, labels));
  const weights = new Map<string, Float32Array>();
  for await (const { name, values } of readBaseTensors(folder)) weights.set(name, values);
  return { folder, model, weights };
}

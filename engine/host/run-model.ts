/** The model that a job trains, put together from its base and its data: what is known of it, and its forward pass. */
import type { DatasetManifest } from '../../data/manifest.js';
import type { Job } from '../../job/schema.js';
import { readBaseTensors } from '../../models/base-tensors.js';
import { outputsOf } from '../../models/families/labels.js';
import type { Family } from '../../models/families/family.js';
import { configFor, inspectModelFolder } from '../../models/folder.js';
import { layoutFor, type JobLayout } from '../../models/job-fit.js';
import { openModel } from '../../training/models/open-model.js';
import { mergedWeights, withLora } from '../../training/lora.js';
import type { Model } from '../../training/model.js';
import { folded, givingValues, statedScale, targetScaleOf, type TargetScale } from '../../training/target-scale.js';
import type { BaseWeights } from '../../training/state/load.js';

export interface RunModel {
  readonly family: Family;
  readonly config: unknown;
  /** config.json as it is in the folder. */
  readonly configJson: Readonly<Record<string, unknown>>;
  readonly layout: JobLayout;
  readonly model: Model;
  /** Without adapters, and without a scale that is folded into the head: what is published. */
  readonly plain: Model;
  readonly base: BaseWeights;
  /** Of the numbers to predict; null where there are none. */
  readonly target: TargetScale | null;
  /** What the published folder has to say of its outputs, where the scale cannot be folded into the head. */
  readonly statedScale: TargetScale | null;
  /** Reads a tensor of the published model: adapters merged in, the target's scale folded into the head. */
  readonly merged: (read: (name: string) => Float32Array) => (name: string) => Float32Array;
}

/** @throws ModelError as inspectModelFolder, layoutFor and openModel do. */
export async function openRunModel(
  {
    job,
    modelFolder: folder,
    dataset,
  }: { readonly job: Job; readonly modelFolder: string; readonly dataset: DatasetManifest },
  allowModules: boolean,
): Promise<RunModel> {
  const outputs = outputsOf(job, dataset.labels);
  const inspected = await inspectModelFolder(folder, job, dataset.labels);
  const { family, configJson, tensors } = inspected;
  const config = configFor(inspected, dataset);
  const opened = { ...inspected, config };
  const layout = layoutFor(job, opened, outputs);
  const bare = await openModel({ family, config, folder, outputs, allowModules }, job);
  const target = targetScaleOf(dataset);
  // A head that came with its base gives values already, or says what makes values of what it gives.
  const hasHead = [...tensors.keys()].some((name) => name.startsWith('head.'));
  const scale = target && (hasHead ? statedScale(configJson) : target);
  const folds = scale !== null && !family.ownOutputs;
  const plain = scale && !folds ? givingValues(bare, scale) : bare;
  const adapted = job.lora ? withLora(plain, layout.adapters, job.lora) : plain;
  return {
    family,
    config,
    configJson,
    layout,
    plain,
    model: folds ? givingValues(adapted, scale) : adapted,
    target,
    statedScale: folds ? null : scale,
    base: { names: new Set(tensors.keys()), read: (names) => readBaseTensors(opened, names) },
    merged: (read) => {
      const merged = job.lora ? mergedWeights(layout.adapters, job.lora, read) : read;
      return folds ? folded(merged, scale) : merged;
    },
  };
}

/** The head alone, over features that were computed before. */
export const headOnly = (model: Model, width: number): Model => ({
  tensors: model.tensors.filter(({ name }) => name.startsWith('head.')),
  inputs: (rows) => ({ features: { shape: [rows, width], dtype: 'float32' } }),
  features: (_, inputs) => inputs['features']!,
  outputs: model.outputs,
});

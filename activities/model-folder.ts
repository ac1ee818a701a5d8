import type { DatasetManifest } from '../data/manifest.js';
import type { Job } from '../job/schema.js';
import { outputsOf } from '../models/families/labels.js';
import { featureReuse, type FeatureReuse } from '../models/feature-reuse.js';
import { configFor, readConfig } from '../models/folder.js';
import { layoutFor, type JobLayout } from '../models/job-fit.js';
import { materialize } from '../storage/materialize.js';
import type { CallOptions } from '../storage/object-store.js';
import type { ModelRef } from '../workflows/contract.js';
import type { ActivityDependencies } from './dependencies.js';

/** The base model as a local folder, fetched once per host. */
export const modelFolder = (
  { store, cacheFolder }: ActivityDependencies,
  model: ModelRef,
  options: CallOptions,
): Promise<string> => materialize(store, model.files, cacheFolder, `model-${model.digest}`, options);

/** What of the model trains under this job, and whether the base's outputs can be kept. */
export async function plannedLayout(
  dependencies: ActivityDependencies,
  job: Job,
  model: ModelRef,
  dataset: DatasetManifest,
  options: CallOptions,
): Promise<{ readonly layout: JobLayout; readonly features: FeatureReuse }> {
  const read = await readConfig(await modelFolder(dependencies, model, options));
  const { family } = read;
  const layout = layoutFor(job, { family, config: configFor(read, dataset) }, outputsOf(job, dataset.labels));
  return { layout, features: featureReuse(job, family, layout) };
}

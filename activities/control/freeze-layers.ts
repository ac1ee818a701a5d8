import type { DatasetRef, FreezePlan, RunContext } from '../../workflows/contract.js';
import { asActivity } from '../as-activity.js';
import type { ActivityDependencies } from '../dependencies.js';
import { datasetOf } from '../dataset-of.js';
import { plannedLayout } from '../model-folder.js';

/** Resolves the job's freezing patterns against the model's tensors. */
export const freezeLayers =
  (dependencies: ActivityDependencies) =>
  ({ context, dataset }: { context: RunContext; dataset: DatasetRef }): Promise<FreezePlan> =>
    asActivity(async (signal) => {
      const manifest = await datasetOf(dependencies, dataset, signal);
      const { layout, features } = await plannedLayout(dependencies, context.job, context.model, manifest, { signal });
      const { trainable, frozen, trainableParameters, frozenParameters, digest } = layout;
      return {
        trainableTensors: trainable.length,
        frozenTensors: frozen.length,
        trainableParameters,
        frozenParameters,
        digest,
        features,
      };
    });

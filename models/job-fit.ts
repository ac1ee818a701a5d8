import type { Job } from '../job/schema.js';
import type { BertConfig } from './bert-config.js';
import { bertTensors, headTensors } from './bert-layout.js';
import { resolveFreeze, type FrozenLayout } from './freeze.js';
import { ModelError } from './model-error.js';

/**
 * Checks that a job fits its base model before anything starts. `classes` only affects the parameter counts.
 * @throws ModelError for a maxLength beyond the model's positions, and for freeze patterns that match nothing.
 */
export function checkJobFitsModel(job: Job, config: BertConfig, classes = 2): FrozenLayout {
  if (job.data.maxLength > config.maxPositions) {
    throw new ModelError(
      `data.maxLength: expected at most ${config.maxPositions} (max_position_embeddings of the model), found ${job.data.maxLength}`,
    );
  }
  return resolveFreeze(job.freeze, [...bertTensors(config), ...headTensors(config, classes)]);
}

import type { Job } from '../job/schema.js';
import type { Family } from './families/family.js';
import type { JobLayout } from './job-fit.js';

export interface FeatureReuse {
  readonly reuse: boolean;
  /** For people: why, or why not. */
  readonly because: string;
}

/**
 * Whether what the base makes of an example is the same in every epoch, so that it is computed once and kept: only where nothing
 * of the base trains and nothing in it is random.
 */
export function featureReuse(job: Job, family: Family, layout: JobLayout): FeatureReuse {
  const no = (because: string): FeatureReuse => ({ reuse: false, because });
  if (job.reuseFeatures === 'off') return no('reuseFeatures is off');
  if (job.data.augment && Object.keys(job.data.augment).length > 0) {
    return no('data.augment shows the base other examples in every epoch: leave it out to compute them once');
  }
  if (job.lora) return no('adapters change the base while they train: leave lora out to train the head alone');
  if (!job.pretrained) return no('the base begins from random weights, which are in no file');
  const trained = layout.trainable.find((name) => !name.startsWith('head.'));
  if (trained !== undefined) return no(`a part of the base trains (${trained})`);
  if (job.task === 'token-classification' || job.task === 'causal-lm') {
    return no(`${job.task} needs an output of every position, which are not kept`);
  }
  if (job.train.dropout > 0 && !family.stillBase) {
    return no(
      `train.dropout ${job.train.dropout} makes the base give other outputs in every epoch: set it to 0 to compute them once`,
    );
  }
  return { reuse: true, because: 'the whole base is frozen and nothing in it is random' };
}

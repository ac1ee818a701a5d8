import { stringify } from 'yaml';
import { parseJob } from '../../job/parse.js';
import type { Job } from '../../job/schema.js';
import type { Observation } from '../../workflows/contract.js';
import { tinySections, type JobSections } from './runs.js';

export const tinyJobWith = (sections: JobSections): Job => parseJob(stringify(tinySections(sections)), 'tiny.yaml');

/** One observation an epoch of ten steps, with these losses. */
export const observed = (losses: readonly number[]): Observation[] =>
  losses.map((loss, index) => ({
    step: 10 * (index + 1),
    epoch: index + 1,
    loss,
    accuracy: 0.5,
    f1: 0.5,
    examples: 24,
  }));

import type { Job } from '../job/schema.js';
import type { Configured } from './job-fit.js';

const USUAL_SIZE = 224;

/** Pixels of a side: the job's, else what the model was trained on. */
export const imageSizeOf = (job: Job, { family, config }: Configured): number =>
  job.data.imageSize ?? family.imageSize?.(config) ?? USUAL_SIZE;

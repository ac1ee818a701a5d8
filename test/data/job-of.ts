import { jobSchema, type Job } from '../../job/schema.js';

/** A job whose `data` section has the given keys. */
export const jobOf = (data: object, rest: object = {}): Job =>
  jobSchema.parse({
    name: 'test',
    task: 'text-classification',
    model: 'minilm-l6',
    data: { source: 'a.jsonl', ...data },
    ...rest,
  });

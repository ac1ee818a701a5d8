import { jobSchema, type Job } from '../../job/schema.js';

/** A job of text classification; `keys` are put in place of its own. */
export const jobOf = (keys: { readonly [key: string]: unknown } = {}): Job =>
  jobSchema.parse({
    name: 'a-test',
    task: 'text-classification',
    model: 'file:somewhere',
    ...keys,
    data: { source: 'rows.csv', maxLength: 24, ...(keys['data'] as object | undefined) },
  });

import type { Job } from '../../job/schema.js';

/** The column that rows are divided by, and the key of the job that names it; null where their content or a hash of it does. */
export function splitColumnOf({
  split,
}: Pick<Job['data'], 'split'>): { readonly key: string; readonly column: string } | null {
  if ('column' in split) return { key: 'data.split.column', column: split.column };
  if ('by' in split) return split.key === undefined ? null : { key: 'data.split.key', column: split.key };
  if ('folds' in split) return split.group === undefined ? null : { key: 'data.split.group', column: split.group };
  return null;
}

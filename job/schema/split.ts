import { z } from 'zod';
import { columnName, fraction } from './values.js';

const shares = {
  train: fraction.default(0.8).describe('Share of the rows to train on.'),
  validation: fraction.default(0.1).describe('Share that steers the run: early stopping, the best checkpoint.'),
  test: fraction.default(0.1).describe('Share that is read once, by evaluate.'),
};
const stratify = z.boolean().default(true).describe('Keep the share of every class the same in each part.');

const key = columnName.describe(
  'Column to divide by: an id, a group, a time. by: hash does without, too; then by the content of the row.',
);

const splitByFraction = z.strictObject({ ...shares, stratify });
const splitByColumn = z.strictObject({
  column: columnName.describe('Column that says train, validation or test for every row.'),
});
const splitByHash = z.strictObject({
  by: z
    .enum(['hash'])
    .describe(
      'hash: by a hash of `key`, so that a row stays where it is when rows are added. group: no group in two parts. time: the latest are the test split.',
    ),
  key: key.optional(),
  ...shares,
});
const splitByGroup = z.strictObject({ by: z.enum(['group']), key, ...shares, stratify });
const splitByTime = z.strictObject({ by: z.enum(['time']), key, ...shares });
const splitByFolds = z.strictObject({
  folds: z.int().min(3).max(100).describe('Cross-validation: parts of the same size.'),
  fold: z
    .int()
    .nonnegative()
    .describe('The part that is the test split, from 0; the one after it is the validation split, all others train.'),
  group: columnName.optional().describe('Folds: column whose rows of one value stay together.'),
  stratify,
});

export const splitSchema = z
  .union([splitByColumn, splitByFraction, splitByHash, splitByGroup, splitByTime, splitByFolds])
  .prefault({})
  .describe('How rows are divided.');

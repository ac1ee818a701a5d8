import { z } from 'zod';
import { columnName, fraction } from './values.js';

const splitByFraction = z.strictObject({
  train: fraction.default(0.8).describe('Share of the rows to train on.'),
  validation: fraction.default(0.1).describe('Share that steers the run: early stopping, the best checkpoint.'),
  test: fraction.default(0.1).describe('Share that is read once, by evaluate.'),
  stratify: z.boolean().default(true).describe('Keep the share of every class the same in each part.'),
});
const splitByColumn = z.strictObject({
  column: columnName.describe('Column that says train, validation or test for every row.'),
});

export const splitSchema = z.union([splitByColumn, splitByFraction]).prefault({}).describe('How rows are divided.');

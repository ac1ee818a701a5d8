import { z } from 'zod';
import { columnName, fraction, positiveInt } from './values.js';

const numberFill = z.enum(['mean', 'median', 'most-frequent', 'drop']);
const categoryFill = z.enum(['own', 'most-frequent', 'drop']);
const constant = z.strictObject({
  value: z.union([z.number(), z.string().min(1)]).describe('Stands in for every gap.'),
});

const missingSchema = z.strictObject({
  numbers: z
    .union([numberFill, constant])
    .optional()
    .describe(
      'What stands in for a gap in a column of numbers, fitted on the training split; drop leaves the row out. Left out: mean.',
    ),
  categories: z
    .union([categoryFill, constant])
    .optional()
    .describe('The same in a column of categories. Left out: own, a gap is a category like the others.'),
  columns: z
    .record(columnName, z.union([z.enum(['mean', 'median', 'most-frequent', 'own', 'drop']), constant]))
    .optional()
    .describe('By the name of a column, in place of the two above.'),
  indicator: z
    .boolean()
    .optional()
    .describe(
      'An input more for a column of numbers that has gaps in training: 1 where the cell is empty. Left out: true.',
    ),
});

const outliersSchema = z.strictObject({
  method: z
    .enum(['iqr', 'z-score'])
    .default('iqr')
    .describe(
      'iqr: further than `limit` interquartile ranges outside the quartiles. z-score: than `limit` deviations from the mean.',
    ),
  limit: z.number().positive().optional().describe('Left out: 1.5 for iqr, 3 for z-score.'),
  action: z
    .enum(['clip', 'drop'])
    .default('clip')
    .describe('clip: to the limit, in every split and when predicting. drop: rows of the training split.'),
  columns: z.array(columnName).min(1).optional().describe('Columns of numbers; left out: all.'),
});

const lengthSchema = z.strictObject({
  minCharacters: positiveInt.optional().describe('Characters (code points) of the text, after it was cleaned.'),
  maxCharacters: positiveInt.optional().describe('The most of them.'),
  minWords: positiveInt.optional().describe('Words, divided by blanks; of token-classification its own.'),
  maxWords: positiveInt.optional().describe('The most of them.'),
});

const labelsSchema = z.strictObject({
  merge: z
    .enum(['none', 'spelling', 'near'])
    .default('none')
    .describe(
      'spelling: names that differ in case, blanks and punctuation alone become the most frequent of them. near: also in one letter.',
    ),
  map: z
    .record(z.string().min(1), z.string().min(1))
    .optional()
    .describe('Name in the source: the name to take; goes first.'),
});

export const cleanSchema = z
  .strictObject({
    dropDuplicates: z.boolean().default(false).describe('Drop rows whose text was seen before (first one stays).'),
    dropEmpty: z.boolean().default(true).describe('Drop rows whose text or label is empty.'),
    nearDuplicates: z
      .strictObject({
        similarity: fraction
          .optional()
          .describe(
            'Of texts: share of the five-letter pieces that two have in common, 0.85 where it is left out. Of images: of the bits of their perceptual hashes, 0.95.',
          ),
      })
      .optional()
      .describe('Drop rows that are nearly the same as an earlier one that stays. Texts and images.'),
    unicode: z.enum(['NFC', 'NFKC']).optional().describe('Texts: the normal form that they are brought to.'),
    stripHtml: z.boolean().optional().describe('Texts: take out tags and comments, and read entities.'),
    dropControlCharacters: z
      .boolean()
      .optional()
      .describe('Texts: take out control and invisible format characters; tabs and line ends stay.'),
    length: lengthSchema.optional().describe('Texts: rows outside these limits are left out.'),
    labels: labelsSchema.optional().describe('Classes that are spelt in several ways; they are always reported.'),
    missing: missingSchema.optional().describe('Tables: empty cells.'),
    outliers: outliersSchema.optional().describe('Tables: numbers far from the others, told by the training split.'),
    minImageSide: positiveInt
      .optional()
      .describe('Images: leave out those with fewer pixels on a side; the least is 8.'),
  })
  .describe(
    'Rows that are left out before the split, and what is changed in those that stay; the counts are reported.',
  );

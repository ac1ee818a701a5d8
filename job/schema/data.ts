import { z } from 'zod';
import { augmentSchema } from './augment.js';
import { balanceSchema } from './balance.js';
import { cleanSchema } from './clean.js';
import { splitSchema } from './split.js';
import { columnName, positiveInt } from './values.js';

const scaling = z.enum(['z-score', 'min-max', 'robust', 'none']);
export type Scaling = z.infer<typeof scaling>;

export const dataSchema = z.strictObject({
  source: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .describe(
      'A file, a folder, a pattern such as `parts/*.csv`, the same on S3 (`s3://bucket/key`), or a list of them (docs/data.md tells what can be read); for images a folder with one folder of images a class, or tables, here or on S3. Relative to the job file.',
    ),
  format: z
    .enum(['jsonl', 'json', 'csv', 'tsv', 'parquet', 'arrow', 'text'])
    .optional()
    .describe("What the files are, where their names' endings do not tell it."),
  badRows: z
    .strictObject({
      maxShare: z
        .number()
        .min(0)
        .max(1)
        .default(0.01)
        .describe('Above this share of all rows the job stops, and the first ones are named; 0: at the first.'),
    })
    .optional()
    .describe('Rows that cannot be read (ragged, not UTF-8, not JSON; unreadable images) are left out and kept aside.'),
  text: columnName.default('text').describe('Text tasks: column with the text.'),
  textPair: columnName.optional().describe('Sentence pairs: column with the second text.'),
  words: columnName.default('words').describe('token-classification: column with the list of words (JSON Lines).'),
  image: columnName
    .default('image')
    .describe(
      'Images in a table: column with the path, relative to the table, or (Parquet, Arrow) with the file itself.',
    ),
  features: z
    .union([
      z.array(columnName).min(1),
      z.strictObject({
        numeric: z.array(columnName).default([]).describe('Columns of numbers.'),
        categorical: z.array(columnName).default([]).describe('Columns of categories, one input a value.'),
      }),
    ])
    .optional()
    .describe('Tables: the columns to learn from; left out: all but the label, types told by their values.'),
  scale: z
    .union([
      scaling,
      z.strictObject({
        numbers: scaling.default('z-score').describe('Of columns that are not named.'),
        columns: z.record(columnName, scaling).describe('By the name of a column.'),
      }),
    ])
    .default('z-score')
    .describe(
      'Tables: how numbers are brought to one range, fitted on the training split only; robust: by median and quartiles.',
    ),
  label: columnName
    .default('label')
    .describe('Column with the class, the list of tags, or the number to predict. causal-lm has none.'),
  multiLabel: z.boolean().default(false).describe('Any number of classes a text: a list, or separated by `|`.'),
  maxLength: positiveInt.default(128).describe('Tokens per example, special tokens included; longer ones are cut.'),
  imageSize: positiveInt.optional().describe("Pixels of an image's side; left out: what the model was trained on."),
  clean: cleanSchema.prefault({}),
  split: splitSchema,
  augment: augmentSchema.optional(),
  leakage: z
    .enum(['auto', 'on', 'off'])
    .optional()
    .describe(
      'Look for rows of one split that are nearly the same in another; auto, the default: where the source has at most 256 MiB.',
    ),
  balance: balanceSchema
    .optional()
    .describe(
      'class-weights: rows weigh in the training loss as their class is rare (n / (classes · rows of it)). sampling: an epoch draws every class equally often.',
    ),
});

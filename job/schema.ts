import { z } from 'zod';
import { checkpointSchema } from './schema/checkpoint.js';
import { dataSchema } from './schema/data.js';
import { freezeSchema, loraSchema } from './schema/freeze.js';
import { trainSchema } from './schema/train.js';
import { metricName, positiveInt } from './schema/values.js';

/**
 * The job file: everything a run is a function of, besides the bytes of its data and model.
 * Every type of a job is inferred from here; `docs/job.md` and `docs/job.schema.json` are generated from it.
 * Keys are strict: an unknown key is refused with the nearest valid name (see parse.ts).
 */

const mlpSchema = z.strictObject({
  hidden: z.array(positiveInt).min(1).default([128, 64]).describe('Width of each hidden layer.'),
  activation: z.enum(['relu', 'gelu', 'tanh']).default('relu').describe('After each hidden layer.'),
});

export const tasks = [
  'text-classification',
  'token-classification',
  'causal-lm',
  'image-classification',
  'tabular-classification',
  'tabular-regression',
] as const;

export const jobSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'expected lower-case letters, digits and dashes, at most 63')
    .describe('First part of the run id.'),
  task: z.enum(tasks).describe('What the model learns.'),
  model: z
    .string()
    .min(1)
    .describe(
      'A catalogue name (`temper models list`), `file:FOLDER` with config.json, model.safetensors and what the task needs, `file:` and a Keras model (.keras, .h5, or a folder with model.json), or `module:FILE` of your own (docs/own-models.md).',
    ),
  pretrained: z.boolean().default(true).describe('false: begin from random weights of the same architecture.'),
  mlp: mlpSchema.optional().describe('The shape of `model: mlp`.'),
  pooling: z
    .enum(['mean', 'first', 'native'])
    .default('mean')
    .describe(
      "How an encoder's token vectors make one: their mean, the first, or as the family's own head reads them.",
    ),
  data: dataSchema.describe('Where the examples come from.'),
  freeze: freezeSchema.default('none'),
  lora: loraSchema.optional(),
  reuseFeatures: z
    .enum(['auto', 'on', 'off'])
    .default('auto')
    .describe(
      'auto: where the whole base is frozen and nothing in it is random, its outputs are computed once and kept on S3. on: refuse a job where that would not be exact.',
    ),
  train: trainSchema.prefault({}).describe('How the model learns.'),
  checkpoint: checkpointSchema.prefault({}).describe('When the state is made durable, besides the end of every epoch.'),
  selectBest: metricName
    .default('validation.loss')
    .describe('Which checkpoint is evaluated and published; ties go to the earlier one.'),
  exactness: z
    .enum(['strict', 'compatible'])
    .default('strict')
    .describe(
      'strict: resume only on a host of the same fingerprint. compatible: anywhere, and the lineage says where bits may differ.',
    ),
  threads: positiveInt
    .optional()
    .describe('Threads of an op, pinned for the whole run; default: the cores of the host that starts it.'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(7)
    .describe('Every draw is a function of it: the split, the new head, the order of an epoch, dropout, augmentation.'),
});

export type Job = z.infer<typeof jobSchema>;
export type Task = Job['task'];
export type MetricName = Job['selectBest'];

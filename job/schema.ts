import { z } from 'zod';

/**
 * The job file: everything a run is a function of, besides the bytes of its data and model.
 * Every type of a job is inferred from here; `docs/job.md` and `docs/job.schema.json` are generated from it.
 * Keys are strict: an unknown key is refused with the nearest valid name (see parse.ts).
 */

const fraction = z.number().gt(0, 'expected a fraction above 0').lt(1, 'expected a fraction below 1');
const positiveInt = z.int().positive();
const columnName = z.string().min(1);

const cleanSchema = z
  .strictObject({
    dropDuplicates: z.boolean().default(false).describe('Drop rows whose text was seen before (first one stays).'),
    dropEmpty: z.boolean().default(true).describe('Drop rows whose text or label is empty.'),
  })
  .describe('Rows that are left out before the split; the counts are reported.');

const splitByFraction = z.strictObject({
  train: fraction.default(0.8).describe('Share of the rows to train on.'),
  validation: fraction.default(0.1).describe('Share that steers the run: early stopping, the best checkpoint.'),
  test: fraction.default(0.1).describe('Share that is read once, by evaluate.'),
  stratify: z.boolean().default(true).describe('Keep the share of every class the same in each part.'),
});
const splitByColumn = z.strictObject({
  column: columnName.describe('Column that says train, validation or test for every row.'),
});

const dataSchema = z.strictObject({
  source: z.string().min(1).describe('csv, tsv or jsonl; a path, relative to the job file.'),
  text: columnName.default('text').describe('Column with the text.'),
  label: columnName.default('label').describe('Column with the class.'),
  maxLength: positiveInt.default(128).describe('Tokens per example, special tokens included; longer ones are cut.'),
  clean: cleanSchema.prefault({}),
  split: z.union([splitByColumn, splitByFraction]).prefault({}).describe('How rows are divided.'),
});

const freezeSchema = z
  .union([
    z.enum(['none', 'all']),
    z.strictObject({
      train: z.array(z.string().min(1)).min(1).describe('Patterns of tensors that train; all others are frozen.'),
    }),
    z.strictObject({
      freeze: z.array(z.string().min(1)).min(1).describe('Patterns of tensors that stay as they are.'),
    }),
  ])
  .describe(
    '`none`: everything trains. `all`: only the head does. Patterns are regular expressions matched from the start of a tensor name, `head` or `encoder.layer.[45]`.',
  );

const stopEarlySchema = z.strictObject({
  metric: z
    .enum(['validation.loss', 'validation.accuracy', 'validation.f1'])
    .default('validation.loss')
    .describe('What has to improve.'),
  patience: positiveInt.default(2).describe('Epochs without an improvement after which the run stops.'),
  minDelta: z.number().nonnegative().default(0).describe('A smaller change is no improvement.'),
});

const trainSchema = z.strictObject({
  epochs: positiveInt.default(3).describe('Times that every training row is seen.'),
  batchSize: positiveInt.default(32).describe('Examples per step; the last batch of an epoch may be smaller.'),
  learningRate: z.number().positive().max(1).default(5e-5).describe('Peak rate, per step.'),
  schedule: z
    .enum(['warmup-linear', 'constant'])
    .default('warmup-linear')
    .describe('After the warm-up: warmup-linear falls to 0 at the last step, constant stays at the peak.'),
  warmupSteps: z.int().nonnegative().default(50).describe('Steps over which the rate rises from 0 to its peak.'),
  optimizer: z.enum(['adamw']).default('adamw').describe('AdamW: Adam with decoupled weight decay.'),
  weightDecay: z.number().nonnegative().max(1).default(0.01).describe('Decoupled; never on biases and LayerNorm.'),
  beta1: z.number().min(0).lt(1).default(0.9).describe('Decay of the mean of the gradients.'),
  beta2: z.number().min(0).lt(1).default(0.999).describe('Decay of the mean of their squares.'),
  epsilon: z.number().positive().default(1e-8).describe('Keeps the division finite, added as PyTorch adds it.'),
  clipNorm: z
    .number()
    .positive()
    .nullable()
    .default(1)
    .describe('Limit of the global gradient norm; null switches it off.'),
  dropout: z.number().min(0).lt(1).default(0.1).describe('On embeddings, attention weights and block outputs.'),
  stopEarly: stopEarlySchema.optional().describe('Left out: the run trains all its epochs.'),
});

const checkpointSchema = z.strictObject({
  everySteps: positiveInt.optional().describe('A boundary inside the epoch each so many steps.'),
  everyMinutes: z.number().positive().default(5).describe('A boundary inside the epoch after so many minutes.'),
  keep: z
    .strictObject({
      last: positiveInt.default(2).describe('The newest checkpoints that stay.'),
      best: positiveInt.default(1).describe('The best checkpoints by the selection metric that stay.'),
    })
    .prefault({})
    .describe('Which checkpoints stay.'),
});

export const jobSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'expected lower-case letters, digits and dashes, at most 63')
    .describe('First part of the run id.'),
  task: z.enum(['text-classification']).describe('What the model learns.'),
  model: z
    .string()
    .min(1)
    .describe('A catalogue name (minilm-l6), or `file:FOLDER` with config.json, model.safetensors and tokenizer.json.'),
  data: dataSchema.describe('Where the examples come from.'),
  freeze: freezeSchema.default('none'),
  train: trainSchema.prefault({}).describe('How the model learns.'),
  checkpoint: checkpointSchema.prefault({}).describe('When the state is made durable, besides the end of every epoch.'),
  selectBest: z
    .enum(['validation.loss', 'validation.accuracy', 'validation.f1'])
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
    .describe('Every draw is a function of it: the split, the new head, the order of an epoch, dropout.'),
});

export type Job = z.infer<typeof jobSchema>;
export type MetricName = Job['selectBest'];

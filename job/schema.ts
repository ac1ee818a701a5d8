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
  source: z
    .string()
    .min(1)
    .describe(
      'csv, tsv or jsonl, also s3://bucket/key; for images also a folder with one folder of images a class. Relative to the job file.',
    ),
  text: columnName.default('text').describe('Text tasks: column with the text.'),
  textPair: columnName.optional().describe('Sentence pairs: column with the second text.'),
  words: columnName.default('words').describe('token-classification: column with the list of words (JSON Lines).'),
  image: columnName.default('image').describe('Images listed in a table: column with the path, relative to the table.'),
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
    .enum(['z-score', 'min-max', 'none'])
    .default('z-score')
    .describe('Tables: how numbers are brought to one range, fitted on the training split only.'),
  label: columnName
    .default('label')
    .describe('Column with the class, the list of tags, or the number to predict. causal-lm has none.'),
  multiLabel: z.boolean().default(false).describe('Any number of classes a text: a list, or separated by `|`.'),
  maxLength: positiveInt.default(128).describe('Tokens per example, special tokens included; longer ones are cut.'),
  imageSize: positiveInt.optional().describe("Pixels of an image's side; left out: what the model was trained on."),
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
    z.strictObject({
      lastBlocks: positiveInt.describe('The head and so many blocks before it train; all others are frozen.'),
    }),
    z.strictObject({
      gradual: z
        .strictObject({
          everyEpochs: positiveInt.default(1).describe('Epochs after which one more block trains.'),
        })
        .describe('First the head alone, then one more block at a time, from the last to the first.'),
    }),
  ])
  .describe(
    '`none`: everything trains. `all`: only the head does. Patterns are regular expressions matched from the start of a tensor name, `head` or `encoder.layer.[45]`.',
  );

const metricName = z.string().regex(/^validation\.[a-z0-9]+$/i, 'expected `validation.` and the name of a metric');

const stopEarlySchema = z.strictObject({
  metric: metricName.default('validation.loss').describe('What has to improve.'),
  patience: positiveInt.default(2).describe('Epochs without an improvement after which the run stops.'),
  minDelta: z.number().nonnegative().default(0).describe('A smaller change is no improvement.'),
});

const scheduleSchema = z.union([
  z.enum([
    'warmup-linear',
    'constant',
    'linear',
    'cosine',
    'cosine-restarts',
    'polynomial',
    'one-cycle',
    'reduce-on-plateau',
  ]),
  z.strictObject({
    name: z
      .enum(['cosine', 'cosine-restarts', 'polynomial', 'one-cycle', 'reduce-on-plateau'])
      .describe('Which schedule these numbers are of.'),
    endFactor: z.number().min(0).max(1).default(0).describe('The rate falls to this share of its peak.'),
    cycles: positiveInt.default(1).describe('cosine-restarts: times that the rate starts anew.'),
    power: z.number().positive().default(1).describe('polynomial: 1 is a line, 2 a parabola.'),
    riseShare: fraction.default(0.3).describe('one-cycle: share of the steps over which the rate rises.'),
    factor: fraction.default(0.1).describe('reduce-on-plateau: what the rate is multiplied by.'),
    patience: positiveInt.default(2).describe('reduce-on-plateau: epochs without an improvement before that.'),
    metric: metricName.default('validation.loss').describe('reduce-on-plateau: what has to improve.'),
  }),
]);

const lossSchema = z.union([
  z.enum(['auto', 'cross-entropy', 'focal', 'bce', 'mse', 'mae', 'huber']),
  z.strictObject({
    name: z.enum(['focal', 'huber']).describe('Which loss these numbers are of.'),
    gamma: z.number().nonnegative().default(2).describe('focal: how much well-classified examples count less.'),
    delta: z
      .number()
      .positive()
      .default(1)
      .describe('huber: errors above it, in standard deviations of the column, count linearly.'),
  }),
]);

const groupSchema = z.strictObject({
  match: z.array(z.string().min(1)).min(1).describe('Patterns of tensor names.'),
  rate: z.number().min(0).default(1).describe("Multiplies the step's learning rate."),
  weightDecay: z.number().nonnegative().max(1).optional().describe("In place of the job's weightDecay."),
});

const trainSchema = z.strictObject({
  epochs: positiveInt.default(3).describe('Times that every training row is seen.'),
  batchSize: positiveInt.default(32).describe('Examples per step; the last batch of an epoch may be smaller.'),
  learningRate: z.number().positive().max(1).default(5e-5).describe('Peak rate, per step.'),
  accumulate: positiveInt
    .default(1)
    .describe('Batches whose gradients make one step: the effective batch is batchSize times this.'),
  precision: z
    .enum(['float32', 'bf16', 'tf32'])
    .default('float32')
    .describe('Of the matrix products; weights, sums and the optimizer stay float32.'),
  schedule: scheduleSchema
    .default('warmup-linear')
    .describe('After the warm-up: warmup-linear falls to 0 at the last step, constant stays at the peak.'),
  warmupSteps: z.int().nonnegative().default(50).describe('Steps over which the rate rises from 0 to its peak.'),
  optimizer: z
    .enum(['adamw', 'adam', 'sgd', 'rmsprop', 'adafactor', 'lion'])
    .default('adamw')
    .describe('adamw and lion decay weights apart from the gradient; adam, sgd and rmsprop add the decay to it.'),
  momentum: z.number().min(0).lt(1).default(0.9).describe('sgd and rmsprop.'),
  nesterov: z.boolean().default(false).describe("sgd: look ahead by Nesterov's momentum."),
  weightDecay: z.number().nonnegative().max(1).default(0.01).describe('Never on biases and normalisation layers.'),
  beta1: z.number().min(0).lt(1).default(0.9).describe('Decay of the mean of the gradients.'),
  beta2: z.number().min(0).lt(1).default(0.999).describe('Decay of the mean of their squares.'),
  epsilon: z.number().positive().default(1e-8).describe('Keeps the division finite, added as PyTorch adds it.'),
  clipNorm: z
    .number()
    .positive()
    .nullable()
    .default(1)
    .describe('Limit of the global gradient norm; null switches it off.'),
  loss: lossSchema
    .default('auto')
    .describe(
      'auto: cross-entropy for classes, bce for many labels, mse for numbers, which are learnt as standard scores.',
    ),
  labelSmoothing: z.number().min(0).lt(1).default(0).describe('Share of the target spread over all classes.'),
  dropout: z.number().min(0).lt(1).default(0.1).describe('On embeddings, attention weights and block outputs.'),
  layerDecay: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe('Each block before the last learns at this share of the rate of the one after it.'),
  groups: z
    .array(groupSchema)
    .default([])
    .describe('Rates and decay by tensor name; the first group that matches counts.'),
  ema: z
    .number()
    .gt(0)
    .lt(1)
    .optional()
    .describe('Decay of a moving average of the weights, which is validated and published in their place.'),
  gradientCheckpointing: z
    .boolean()
    .default(false)
    .describe('Compute the inside of a block again on the way back: less memory, a third more time.'),
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

const loraSchema = z
  .strictObject({
    rank: positiveInt.default(8).describe('Inner width of the adapters.'),
    alpha: z.number().positive().default(16).describe('The adapters count by alpha / rank.'),
    targets: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe("Patterns of matrices that get an adapter; left out: the family's query and value projections."),
  })
  .describe('Train low-rank adapters and the head; the base stays frozen. Merged into the weights on publish.');

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
    .describe('Every draw is a function of it: the split, the new head, the order of an epoch, dropout.'),
});

export type Job = z.infer<typeof jobSchema>;
export type Task = Job['task'];
export type MetricName = Job['selectBest'];

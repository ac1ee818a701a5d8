import { z } from 'zod';
import { scheduleSchema } from './rate-schedule.js';
import { metricName, positiveInt } from './values.js';

/** For data of any size: of fewer rows the one batch is smaller. */
export const USUAL_BATCH_SIZE = 32;

const stopEarlySchema = z.strictObject({
  metric: metricName.default('validation.loss').describe('What has to improve.'),
  patience: positiveInt.default(2).describe('Epochs without an improvement after which the run stops.'),
  minDelta: z.number().nonnegative().default(0).describe('A smaller change is no improvement.'),
});

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

export const trainSchema = z.strictObject({
  epochs: positiveInt.default(3).describe('Times that every training row is seen.'),
  batchSize: positiveInt
    .default(USUAL_BATCH_SIZE)
    .describe('Examples per step; the last batch of an epoch may be smaller.'),
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

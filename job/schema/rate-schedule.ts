import { z } from 'zod';
import { fraction, metricName, positiveInt } from './values.js';

export const scheduleSchema = z.union([
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

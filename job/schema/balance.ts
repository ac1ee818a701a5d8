import { z } from 'zod';

export const balanceSchema = z.union([
  z.enum(['none', 'class-weights', 'sampling']),
  z.strictObject({
    weights: z
      .record(z.string().min(1), z.number().positive())
      .describe('Class: what a training row of it weighs in the loss; 1 where it is left out.'),
  }),
]);

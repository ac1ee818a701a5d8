import { z } from 'zod';
import { positiveInt } from './values.js';

export const checkpointSchema = z.strictObject({
  everySteps: positiveInt.optional().describe('A boundary inside the epoch each so many steps.'),
  everyMinutes: z.number().positive().default(5).describe('A boundary inside the epoch after so many minutes.'),
  keep: z
    .strictObject({
      last: positiveInt
        .default(2)
        .describe(
          'The newest checkpoints that stay; while the run goes on, two even with 1 (docs/faults.md says why).',
        ),
      best: positiveInt.default(1).describe('The best checkpoints by the selection metric that stay.'),
    })
    .prefault({})
    .describe('Which checkpoints stay.'),
});

import { z } from 'zod';
import { positiveInt } from './values.js';

export const freezeSchema = z
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

export const loraSchema = z
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

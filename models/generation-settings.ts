import { z } from 'zod';

/** How a causal language model goes on with a text. Each key alone changes nothing else; the defaults are greedy. */
export const generationSchema = z.strictObject({
  maxNewTokens: z.int().positive().default(40).describe('A text ends after so many tokens at the latest.'),
  temperature: z
    .number()
    .nonnegative()
    .default(0)
    .describe('0 takes the likeliest token; above 0 tokens are drawn, above 1 the unlikely ones more often.'),
  topK: z.int().positive().nullable().default(null).describe('Draw from so many likeliest tokens; null: from all.'),
  topP: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe('Draw from the likeliest tokens that together have this probability (nucleus sampling).'),
  repetitionPenalty: z
    .number()
    .positive()
    .default(1)
    .describe('Above 1: tokens that the text already has become less likely.'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(7)
    .describe('Every draw is a function of it and of the place in the text.'),
});

export type GenerationSettings = z.infer<typeof generationSchema>;

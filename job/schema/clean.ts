import { z } from 'zod';

export const cleanSchema = z
  .strictObject({
    dropDuplicates: z.boolean().default(false).describe('Drop rows whose text was seen before (first one stays).'),
    dropEmpty: z.boolean().default(true).describe('Drop rows whose text or label is empty.'),
  })
  .describe('Rows that are left out before the split; the counts are reported.');

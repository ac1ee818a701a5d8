import { z } from 'zod';

const count = z.int().nonnegative();

/** What a frozen base makes of a prepared data set: one shard of features for each of its shards, in the same order of rows. */
export const featuresManifestSchema = z.object({
  format: z.literal('temper-features/1'),
  /** Values of an example. */
  width: z.int().positive(),
  files: z.array(
    z.object({
      name: z.string(),
      split: z.enum(['train', 'validation', 'test']),
      rows: count,
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      bytes: count,
    }),
  ),
});

export type FeaturesManifest = z.infer<typeof featuresManifestSchema>;

import { z } from 'zod';

const count = z.int().nonnegative();

/** What a frozen base makes of a prepared data set: one shard of features for each of its shards, in the same order of rows. */
export const featuresManifestSchema = z.object({
  format: z.literal('temper-features/2'),
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

/** Beside each shard as soon as it is stored. */
export const featuresNoteSchema = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: count,
  width: z.int().positive(),
});

export type FeaturesNote = z.infer<typeof featuresNoteSchema>;
export type FeaturesManifest = z.infer<typeof featuresManifestSchema>;

import { z } from 'zod';

const count = z.int().nonnegative();
const bySplit = <T extends z.ZodType>(value: T) => z.object({ train: value, validation: value, test: value });

/** What a prepared data set says of itself, as JSON beside its shards. It holds no time, host or path: same input, same bytes. */
export const datasetManifestSchema = z.object({
  format: z.literal('temper-dataset/1'),
  /** Class names; the index is the class. */
  labels: z.array(z.string()),
  maxLength: z.int().positive(),
  rows: bySplit(count),
  /** lengths.train[n] = training rows of n tokens, special tokens included. */
  lengths: bySplit(z.array(count)),
  /** rowsPerClass.train[class] */
  rowsPerClass: bySplit(z.array(count)),
  /** Rows that were cut to maxLength. */
  cut: bySplit(count),
  cleaning: z.object({
    rowsRead: count,
    droppedEmpty: count,
    droppedDuplicates: count,
    droppedContradictions: count,
  }),
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

export type DatasetManifest = z.infer<typeof datasetManifestSchema>;
export type ShardFile = DatasetManifest['files'][number];

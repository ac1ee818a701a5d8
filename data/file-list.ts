/** The list that stands for a source of several files: small JSON on S3, so that a payload names one file however many there are. */
import { z } from 'zod';

export const FILES_FORMAT = 'temper-files/1';

export const fileFormats = ['jsonl', 'json', 'csv', 'tsv', 'parquet', 'arrow', 'text'] as const;

const listedFileSchema = z.object({
  /** Relative to the source. */
  name: z.string(),
  format: z.enum(fileFormats),
  key: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().nonnegative(),
  /** Cells that all of its rows have. */
  fields: z.record(z.string(), z.string()).optional(),
});

export const fileListSchema = z.object({ format: z.literal(FILES_FORMAT), files: z.array(listedFileSchema).min(1) });

export type FileList = z.infer<typeof fileListSchema>;

import { z } from 'zod';
import { tasks } from '../job/schema.js';
import { textCleaningSchema } from './cleaning/text.js';
import { featureTransformSchema } from './features/transform.js';

const count = z.int().nonnegative();
const bySplit = <T extends z.ZodType>(value: T) => z.object({ train: value, validation: value, test: value });

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** Each step with its version: another version may give other bytes. */
const provenanceSchema = z.object({
  /** The parts that the source was cut into: bytes of them, and rows read. */
  cut: z.object({
    version: count,
    parts: z.array(z.object({ sha256, rows: count })),
    /** The files that they are of, in their order; absent where nobody told. */
    files: z.array(z.object({ sha256, bytes: count, format: z.string() })).optional(),
  }),
  survey: z.object({ version: count, columns: z.array(z.string()), rows: count }),
  /** Rows left out, by reason, and what of the job says so; of the first days of 0.4 the reasons alone. */
  clean: z.object({
    version: count,
    dropped: z.record(z.string(), count),
    settings: z.record(z.string(), z.unknown()).optional(),
  }),
  /** How rows were divided, as the job says it. */
  split: z.object({ version: count, by: z.record(z.string(), z.unknown()), seed: z.int() }),
  /** What the parts' shards were made with. */
  encode: z.object({ version: count, tokenizer: sha256.nullable() }),
});
export type Provenance = z.infer<typeof provenanceSchema>;

export const leakageSchema = z.object({
  rows: z.object({ validation: count, test: count }),
  examples: z.array(
    z.object({
      rows: z.array(
        z.object({
          split: z.enum(['train', 'validation', 'test']),
          line: count,
          /** In words; data sets of the first days of 0.4 have the line alone. */
          place: z.string().optional(),
        }),
      ),
      similarity: z.number(),
    }),
  ),
});

/** Columns of every shard: `id` text, `text` text (what a report shows); and by kind and target what is said below. */
const common = {
  /** Of /2, which runs begun before version 0.4 have, the keys marked so are absent. */
  format: z.enum(['temper-dataset/2', 'temper-dataset/3']),
  task: z.enum(tasks),
  /**
   * What is learnt of an example, and the column that holds it. class: `label` int32. classes: `labels` list of int32, sorted.
   * tags: `tags` list of int32, one a token, -1 where none counts. value: `value` float32. next: none, the tokens tell.
   */
  target: z.enum(['class', 'classes', 'tags', 'value', 'next']),
  /** Class names; the index is the class. Empty for value and next. */
  labels: z.array(z.string()),
  /** Examples: rows of the shards. For causal-lm these are blocks of text. */
  rows: bySplit(count),
  /** rowsPerClass.train[class]: rows that have the class, or a word of that tag. */
  rowsPerClass: bySplit(z.array(count)),
  cleaning: z.object({
    rowsRead: count,
    droppedEmpty: count,
    droppedDuplicates: count,
    droppedContradictions: count,
    droppedNearDuplicates: count.default(0),
    droppedShort: count.default(0),
    droppedLong: count.default(0),
    droppedSmall: count.default(0),
    droppedGaps: count.default(0),
    droppedOutliers: count.default(0),
  }),
  /** Rows that cannot be read: how many, and the first with their places; all that are kept stand in bad-rows.jsonl. */
  badRows: z.object({ count, first: z.array(z.string()) }).default({ count: 0, first: [] }),
  /** Name in the source: class that it was taken as, for those of another spelling. */
  aliases: z.record(z.string(), z.string()).default({}),
  /** Rows that are nearly the same in two splits (prepare/leakage.ts); null: it was not looked for. */
  leakage: leakageSchema.nullable().default(null),
  files: z.array(
    z.object({
      name: z.string(),
      split: z.enum(['train', 'validation', 'test']),
      rows: count,
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      bytes: count,
    }),
  ),
  /** Columns of the shards and their types. Not in /2. */
  columns: z.record(z.string(), z.string()).optional(),
  /** What became of the source, step by step. Not in /2. */
  provenance: provenanceSchema.optional(),
};

/** `tokens` list of int32; with `pairs` also `types`, as long: 0 for the first text, 1 for the second. */
const tokensSchema = z.object({
  ...common,
  kind: z.literal('tokens'),
  /** How texts were cleaned, and new ones have to be; absent: not at all. */
  textCleaning: textCleaningSchema.optional(),
  maxLength: z.int().positive(),
  /** Whether examples hold two texts whose tokens are told apart by `types`. */
  pairs: z.boolean(),
  /** lengths.train[n] = training rows whose input has n tokens, special tokens included. */
  lengths: bySplit(z.array(count)),
  /** Rows that were cut to maxLength. */
  cut: bySplit(count),
  /** Texts that the blocks of a causal-lm were cut from; elsewhere the rows. */
  texts: bySplit(count),
});

/** `pixels` (side, side, 3), RGB, 0 … 255, with side = size + 2 · margin; see images.ts. */
const imagesSchema = z.object({
  ...common,
  kind: z.literal('images'),
  size: z.int().positive(),
  /** Pixels around what evaluation sees, for random crops; left out: none. */
  margin: z.int().positive().optional(),
  /** Images that were left out because they cannot be used, the first few with their place. */
  unreadable: z.object({ count, first: z.array(z.string()) }),
});

/** `features` (width) float32: what `transform` makes of a row; see features/transform.ts. */
const featuresSchema = z.object({
  ...common,
  kind: z.literal('features'),
  width: z.int().positive(),
  transform: featureTransformSchema,
  /** Cells with a category that no training row has. */
  unseen: bySplit(count),
  /** Of the numbers to predict; null where classes are learnt. The deviation is that of the population. */
  values: bySplit(z.object({ min: z.number(), max: z.number(), mean: z.number(), deviation: z.number() })).nullable(),
});

/** Its name among the files of a data set; rows that could not be read lie beside it (bad-rows.ts). */
export const MANIFEST_FILE = 'manifest.json';

/** What a prepared data set says of itself, as JSON beside its shards. It holds no time, host or path: same input, same bytes. */
export const datasetManifestSchema = z.discriminatedUnion('kind', [tokensSchema, imagesSchema, featuresSchema]);

export type DatasetManifest = z.infer<typeof datasetManifestSchema>;
export type TokensManifest = z.infer<typeof tokensSchema>;
export type ImagesManifest = z.infer<typeof imagesSchema>;
export type FeaturesManifest = z.infer<typeof featuresSchema>;
/** What the kind of a data set adds to what all of them say. */
export type ManifestPart =
  | Omit<TokensManifest, keyof typeof common>
  | Omit<ImagesManifest, keyof typeof common>
  | Omit<FeaturesManifest, keyof typeof common>;
export type ShardFile = DatasetManifest['files'][number];

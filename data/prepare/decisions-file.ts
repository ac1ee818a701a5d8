/**
 * What is decided of a source, in a folder: `decisions.json`, and for each part a file of verdicts (verdicts.ts), a byte for
 * each of its rows.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { badRowsSchema } from '../bad-rows.js';
import { featureTransformSchema } from '../features/transform.js';
import { leakageSchema } from '../manifest.js';
import { dropReasons } from './verdicts.js';

const count = z.int().nonnegative();
const bySplit = <T extends z.ZodType>(value: T) => z.array(value).length(3);

export const decisionsSchema = z.object({
  format: z.literal('temper-decisions/1'),
  /** All that the source has. */
  columns: z.array(z.string()),
  /** Class names; the index is the class. None where no classes are learnt. */
  labels: z.array(z.string()),
  /** Name in the source: class that it is taken as, for those of another spelling (data.clean.labels). */
  aliases: z.record(z.string(), z.string()),
  /** Classes whose names look like one. */
  lookAlikes: z.array(z.object({ name: z.string(), variants: z.array(z.string()), by: z.enum(['spelling', 'near']) })),
  /** What is nearly the same in two splits; null: it was not looked for. */
  leakage: leakageSchema.nullable(),
  rowsRead: count,
  /** Rows left out, by reason. */
  dropped: z.record(z.enum(dropReasons), count),
  /** Images that cannot be used, the first few with their place and what is wrong with them. */
  unreadable: badRowsSchema.extend({ first: z.array(z.string()) }),
  /** Rows that cannot be read, which are not among `rowsRead`. */
  badRows: badRowsSchema,
  /** rows[split] */
  rows: bySplit(count),
  /** rowsPerClass[split][class]: rows that have the class, or a word of that tag. */
  rowsPerClass: bySplit(z.array(count)),
  /** Of the numbers to predict, values[split]; null where none are. The deviation is that of the population. */
  values: bySplit(z.object({ min: z.number(), max: z.number(), mean: z.number(), deviation: z.number() })).nullable(),
  /** Of tables: which columns are learnt from, and what makes inputs of them. */
  features: z.object({ numeric: z.array(z.string()), categorical: z.array(z.string()) }).nullable(),
  transform: featureTransformSchema.nullable(),
  parts: z.array(z.object({ firstRow: count, rows: count, sha256: z.string().regex(/^[0-9a-f]{64}$/) })),
});
export type Decisions = z.infer<typeof decisionsSchema>;

export const verdictsFile = (part: number): string => `verdicts-${String(part).padStart(5, '0')}`;

export const writeDecisions = (folder: string, decisions: Decisions): Promise<void> =>
  writeFile(join(folder, 'decisions.json'), JSON.stringify(decisions));

export const readDecisions = async (folder: string): Promise<Decisions> =>
  decisionsSchema.parse(JSON.parse(await readFile(join(folder, 'decisions.json'), 'utf8')));

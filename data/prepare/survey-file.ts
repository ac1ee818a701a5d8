/**
 * What a survey leaves of a part, in a folder: `survey.json` (what the rows together say, and where each block lies) and
 * `survey.blocks` (the facts of the rows, and of tables their cells).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { badRowSchema, badRowsSchema } from '../bad-rows.js';
import { featureNotesSchema } from '../features/survey.js';
import { blockReader, blockSchema, blockWriter, type Block, type Numbers } from './blocks.js';
import type { CellsBatch } from './cells.js';
import type { FactsBatch } from './facts.js';

const count = z.int().nonnegative();
const NAME = { json: 'survey.json', blocks: 'survey.blocks' };

type FactColumns = Omit<FactsBatch, 'firstRow' | 'rows' | 'classNames'>;

export const partSurveySchema = z.object({
  format: z.literal('temper-survey/1'),
  rows: count,
  /** In the order in which rows were seen to have them. */
  columns: z.array(z.string()),
  /** Names of the classes by the numbers that the facts have. */
  classNames: z.array(z.string()),
  /** Whether rows have sketches to be compared by. */
  isCompared: z.boolean(),
  /** The first rows that are unreadable, with their place in the part. */
  faults: z.array(badRowSchema.extend({ row: count })),
  /** Rows that cannot be read, which are among no others. */
  badRows: badRowsSchema,
  /** Of tables: what the values of each column are. */
  features: featureNotesSchema.nullable(),
  batches: z.array(
    z.object({
      rows: count,
      /** By column of FactsBatch. */
      facts: z.record(z.string(), blockSchema),
      /** Of tables, by column. */
      cells: z.record(z.string(), z.object({ numbers: blockSchema.optional(), codes: blockSchema.optional() })),
    }),
  ),
});
export type PartSurvey = z.infer<typeof partSurveySchema>;

/** Writes batches as they come, and the JSON at the end: a folder with survey.json is whole. */
export function surveyWriter(folder: string) {
  const blocks = blockWriter(join(folder, NAME.blocks));
  const batches: PartSurvey['batches'] = [];
  return {
    add(facts: Omit<FactsBatch, 'firstRow' | 'classNames'>, cells: CellsBatch | null): void {
      const written: Record<string, Block> = {};
      for (const [column, values] of Object.entries(facts)) {
        if (ArrayBuffer.isView(values)) written[column] = blocks.write(values as Numbers);
      }
      const places: PartSurvey['batches'][number]['cells'] = {};
      for (const [column, { numbers, codes }] of cells?.columns ?? []) {
        places[column] = {
          ...(numbers && { numbers: blocks.write(numbers) }),
          ...(codes && { codes: blocks.write(codes) }),
        };
      }
      batches.push({ rows: facts.rows, facts: written, cells: places });
    },
    close: (): void => blocks.close(),
    finish(described: Omit<PartSurvey, 'format' | 'batches'>): PartSurvey {
      const survey: PartSurvey = { format: 'temper-survey/1', ...described, batches };
      writeFileSync(join(folder, NAME.json), JSON.stringify(survey));
      return survey;
    },
  };
}

/** A survey on disk; `open` has to be closed again. */
export function readPartSurvey(folder: string) {
  const survey = partSurveySchema.parse(JSON.parse(readFileSync(join(folder, NAME.json), 'utf8')));
  return { ...survey, open: () => blockReader(join(folder, NAME.blocks)) };
}
export type StoredSurvey = ReturnType<typeof readPartSurvey>;

/** The facts of a batch. */
export function readFacts(
  survey: StoredSurvey,
  read: (block: Block) => Numbers,
  batch: PartSurvey['batches'][number],
  firstRow: number,
): FactsBatch {
  const columns = Object.fromEntries(Object.entries(batch.facts).map(([column, block]) => [column, read(block)]));
  return { firstRow, rows: batch.rows, classNames: survey.classNames, ...(columns as FactColumns) };
}

import { badRowsCollector, type BadRows } from '../bad-rows.js';
import type { FeatureColumns } from '../features/columns.js';
import type { FeatureNotes } from '../features/survey.js';
import { rowsOfCells } from './rows-of-cells.js';
import type { FactsBatch } from './facts.js';
import { readFacts, readPartSurvey, type PartSurvey, type StoredSurvey } from './survey-file.js';

/** The surveys of all parts, on disk: passed over as often as is wanted, a batch in memory at a time. */
export interface Surveys {
  readonly rows: number;
  readonly parts: readonly { readonly firstRow: number; readonly rows: number }[];
  /** All that the rows have, in the order in which they were met. */
  readonly columns: ReadonlySet<string>;
  /** Whether rows have sketches to be compared by. */
  readonly isCompared: boolean;
  /** What the values of tables are, part by part. */
  features(): Iterable<FeatureNotes>;
  /** Unreadable rows that were told of. */
  faults(): Iterable<PartSurvey['faults'][number]>;
  /** Rows that cannot be read, of all parts. */
  badRows(): BadRows;
  /** From the first row on. */
  batches(): AsyncGenerator<FactsBatch>;
  /** Cells of the rows that `wants` takes, in order: of tables. */
  cells(features: FeatureColumns, wants: (row: number) => boolean): AsyncGenerator<Record<string, unknown>>;
}

export function openSurveys(folders: readonly string[]): Surveys {
  const parts: { firstRow: number; rows: number }[] = [];
  // Read once: of each batch where its facts lie, and no cells. Those and the values of columns are read when they are wanted.
  const slim: StoredSurvey[] = [];
  const columns = new Set<string>();
  let rows = 0;
  let isCompared = folders.length > 0;
  for (const folder of folders) {
    const survey = readPartSurvey(folder);
    parts.push({ firstRow: rows, rows: survey.rows });
    slim.push({ ...survey, features: null, batches: survey.batches.map((batch) => ({ ...batch, cells: {} })) });
    rows += survey.rows;
    isCompared &&= survey.isCompared;
    for (const column of survey.columns) columns.add(column);
  }

  async function* eachBatch<T>(
    surveyOf: (part: number) => StoredSurvey,
    work: (survey: StoredSurvey, read: Read, batch: PartSurvey['batches'][number], firstRow: number) => Iterable<T>,
  ): AsyncGenerator<T> {
    for (const index of folders.keys()) {
      const survey = surveyOf(index);
      const blocks = survey.open();
      try {
        let { firstRow } = parts[index]!;
        for (const batch of survey.batches) {
          yield* work(survey, (block) => blocks.read(block), batch, firstRow);
          firstRow += batch.rows;
        }
      } finally {
        blocks.close();
      }
    }
  }
  return {
    rows,
    parts,
    columns,
    isCompared,
    *features() {
      for (const folder of folders) yield readPartSurvey(folder).features ?? [];
    },
    *faults() {
      for (const [index, { faults }] of slim.entries()) {
        for (const fault of faults) {
          yield { ...fault, row: fault.row + parts[index]!.firstRow };
        }
      }
    },
    badRows() {
      const bad = badRowsCollector();
      for (const folder of folders) bad.addAll(readPartSurvey(folder).badRows);
      return bad.all;
    },
    batches: () =>
      eachBatch(
        (part) => slim[part]!,
        (survey, read, batch, firstRow) => [readFacts(survey, read, batch, firstRow)],
      ),
    cells: (features, wants) =>
      eachBatch(
        (part) => readPartSurvey(folders[part]!),
        (survey, read, batch, firstRow) => {
          const values = new Map(survey.features?.map(({ column, values }) => [column, values]));
          const valuesOf = (column: string): readonly string[] => values.get(column) ?? [];
          return rowsOfCells(features, batch, read, valuesOf, (row) => wants(firstRow + row));
        },
      ),
  };
}

type Read = Parameters<typeof readFacts>[1];

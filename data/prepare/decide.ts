/**
 * What becomes of every row, decided from the facts of all of them: which stay, which classes there are, which split each goes
 * to. It never sees the rows themselves, and passes over their facts several times rather than hold them.
 */
import type { Job, Task } from '../../job/schema.js';
import { DataError } from '../data-error.js';
import type { FeatureColumns } from '../features/columns.js';
import { labelMap } from '../labels.js';
import { requireRowsEverywhere } from '../require-rows.js';
import { splits } from '../split.js';
import { targetOf } from '../targets.js';
import { unreadableImages, type UnreadableReport } from '../unreadable.js';
import { countClasses, labelsOf } from './class-counts.js';
import { cleaningReport, type CleaningReport } from './cleaning-report.js';
import { dropDuplicates } from './drop-duplicates.js';
import { classesAt, rowStates, type FactsBatch } from './facts.js';
import { placeRows } from './place-rows.js';
import type { Survey } from './survey.js';
import { countDropped, droppedFor, isKept, UNDECIDED } from './verdicts.js';

export interface Decisions {
  readonly columns: readonly string[];
  /** Class names; the index is the class. None where no classes are learnt. */
  readonly labels: readonly string[];
  readonly rowsRead: number;
  readonly cleaning: CleaningReport;
  readonly unreadable: UnreadableReport;
  /** For each row read, in order: its split or why it is left out (verdicts.ts). */
  readonly verdicts: Uint8Array;
  /** rows[split] */
  readonly rows: readonly number[];
  /** rowsPerClass[split][class]: rows that have the class, or a word of that tag. */
  readonly rowsPerClass: readonly (readonly number[])[];
  /** Of the numbers to predict, values[split]; null where none are. */
  readonly values: readonly { readonly min: number; readonly max: number }[] | null;
  /** Of tables. */
  readonly features: FeatureColumns | null;
}

interface DecideInput {
  readonly survey: Survey;
  readonly job: Job;
  readonly sourceName: string;
}

/** @throws DataError with the first thing that is wrong with the rows as a whole. */
export async function decideDataset({ survey, job, sourceName }: DecideInput): Promise<Decisions> {
  const { split, clean, label: column } = job.data;
  const target = targetOf(job);
  const batches = () => survey.batches();
  const verdicts = new Uint8Array(survey.rows).fill(UNDECIDED);

  await dropByThemselves(batches(), verdicts);
  if (clean.dropDuplicates) await dropDuplicates(batches(), verdicts);
  const unreadable = judgeFaults(survey, verdicts, sourceName);
  const features = survey.features?.decide() ?? null;
  requireAny(verdicts, job.task, sourceName);

  const rowsPerName = await countClasses(batches(), verdicts);
  const labels = labelMap(rowsPerName, { target, column, sourceName });
  const rowsPerLabel = [...labels.keys()].map((name) => rowsPerName.get(name)!);
  await placeRows({ batches, verdicts, labels, rowsPerLabel, split });

  const { rows, rowsPerClass, values } = await describe(batches(), verdicts, labels);
  const names = [...labels.keys()];
  requireRowsEverywhere({ rows, rowsPerClass, labels: names, sourceName, split });
  return {
    columns: survey.columns,
    labels: names,
    rowsRead: survey.rows,
    cleaning: cleaningReport(countDropped(verdicts)),
    unreadable,
    verdicts,
    rows,
    rowsPerClass,
    values: target === 'value' ? values : null,
    features,
  };
}

async function dropByThemselves(batches: AsyncIterable<FactsBatch>, verdicts: Uint8Array): Promise<void> {
  for await (const { firstRow, rows, state } of batches) {
    for (let row = 0; row < rows; row++) if (state[row] === EMPTY) verdicts[firstRow + row] = droppedFor('empty');
  }
}

const EMPTY = rowStates.indexOf('empty');

/** Leaves out images that cannot be used, where they are few among those that duplicates left. */
function judgeFaults({ faults }: Survey, verdicts: Uint8Array, sourceName: string): UnreadableReport {
  const unreadable = unreadableImages(sourceName);
  const images = verdicts.reduce((count, verdict) => count + Number(isKept(verdict)), 0);
  for (const { row, place, fault } of faults) {
    if (!isKept(verdicts[row]!)) continue;
    verdicts[row] = droppedFor('unreadable');
    unreadable.add(place, fault);
  }
  return unreadable.report(images);
}

function requireAny(verdicts: Uint8Array, task: Task, sourceName: string): void {
  if (verdicts.some(isKept)) return;
  const expected: Record<Task, string> = {
    'text-classification': 'a text and a label',
    'token-classification': 'words and tags',
    'causal-lm': 'a text',
    'image-classification': 'an image and a label',
    'tabular-classification': 'features and a label',
    'tabular-regression': 'features and a number to predict',
  };
  throw new DataError(`${sourceName}: expected rows with ${expected[task]}, found none among ${verdicts.length} rows`);
}

async function describe(batches: AsyncIterable<FactsBatch>, verdicts: Uint8Array, labels: ReadonlyMap<string, number>) {
  const rows = splits.map(() => 0);
  const rowsPerClass = splits.map(() => new Array<number>(labels.size).fill(0));
  const values = splits.map(() => ({ min: Infinity, max: -Infinity }));
  for await (const batch of batches) {
    const labelOf = labelsOf(batch, labels);
    for (let row = 0; row < batch.rows; row++) {
      const split = verdicts[batch.firstRow + row]!;
      if (!isKept(split)) continue;
      rows[split]!++;
      for (const number of classesAt(batch, row)) {
        const label = labelOf[number]!;
        if (label !== -1) rowsPerClass[split]![label]!++;
      }
      const range = values[split]!;
      range.min = Math.min(range.min, batch.value[row]!);
      range.max = Math.max(range.max, batch.value[row]!);
    }
  }
  return { rows, rowsPerClass, values };
}

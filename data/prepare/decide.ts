/**
 * What becomes of every row, decided from the facts of all of them: which stay, which classes there are, which split each goes
 * to. It never sees the rows themselves, and passes over their facts several times rather than hold them.
 */
import type { Job, Task } from '../../job/schema.js';
import type { SpellingGroup } from '../cleaning/label-spelling.js';
import { DataError } from '../data-error.js';
import type { FeatureColumns } from '../features/columns.js';
import { labelMap } from '../labels.js';
import { compareRows } from '../near/compare-rows.js';
import { requireRowsEverywhere } from '../require-rows.js';
import { splits } from '../split.js';
import { targetOf } from '../targets.js';
import { unreadableImages, type UnreadableReport } from '../unreadable.js';
import { countClasses, labelsOf } from './class-counts.js';
import { cleaningReport, type CleaningReport } from './cleaning-report.js';
import { dropDuplicates } from './drop-duplicates.js';
import { dropNearDuplicates } from './drop-near-duplicates.js';
import { classesAt, rowStates, type FactsBatch } from './facts.js';
import { findLeakage, type LeakageReport } from './leakage.js';
import { mergeLabels, withAliases } from './merge-labels.js';
import { placeRows } from './place-rows.js';
import type { Survey } from './survey.js';
import { countDropped, droppedFor, isKept, UNDECIDED } from './verdicts.js';

export interface Decisions {
  readonly columns: readonly string[];
  /** Class names; the index is the class. None where no classes are learnt. */
  readonly labels: readonly string[];
  /** Name in the source: class that it is taken as, for those of another spelling (data.clean.labels). */
  readonly aliases: Readonly<Record<string, string>>;
  /** Classes whose names look like one. */
  readonly lookAlikes: readonly SpellingGroup[];
  /** What is nearly the same in two splits; null: it was not looked for. */
  readonly leakage: LeakageReport | null;
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
  const compared = await compareRows(batches(), job, (row) => isKept(verdicts[row]!));
  if (clean.nearDuplicates !== undefined) dropNearDuplicates(compared, verdicts);
  const features = survey.features?.decide() ?? null;
  requireAny(verdicts, job.task, sourceName);

  const { aliases, rowsPerName, lookAlikes } = mergeLabels(await countClasses(batches(), verdicts), clean.labels);
  const labels = labelMap(rowsPerName, { target, column, sourceName });
  const rowsPerLabel = [...labels.keys()].map((name) => rowsPerName.get(name)!);
  const named = withAliases(labels, aliases);
  await placeRows({ batches, verdicts, labels: named, rowsPerLabel, split });

  const { rows, rowsPerClass, values } = await describe(batches(), verdicts, named, labels.size);
  const names = [...labels.keys()];
  requireRowsEverywhere({ rows, rowsPerClass, labels: names, sourceName, split });
  const leakage = survey.isCompared ? await findLeakage(compared, batches, verdicts) : null;
  compared.close();
  return {
    columns: survey.columns,
    labels: names,
    aliases: Object.fromEntries(aliases),
    lookAlikes: labels.size === 0 ? [] : lookAlikes,
    leakage,
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
    for (let row = 0; row < rows; row++) {
      const said = rowStates[state[row]!]!;
      // Unreadable ones are judged as a whole.
      if (said !== 'sound' && said !== 'unreadable') verdicts[firstRow + row] = droppedFor(said);
    }
  }
}

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

async function describe(
  batches: AsyncIterable<FactsBatch>,
  verdicts: Uint8Array,
  labels: ReadonlyMap<string, number>,
  size: number,
) {
  const rows = splits.map(() => 0);
  const rowsPerClass = splits.map(() => new Array<number>(size).fill(0));
  const values = splits.map(() => ({ min: Infinity, max: -Infinity }));
  for await (const batch of batches) {
    const labelOf = labelsOf(batch, labels);
    for (let row = 0; row < batch.rows; row++) {
      const split = verdicts[batch.firstRow + row]!;
      if (!isKept(split)) continue;
      rows[split]!++;
      for (const label of new Set(classesAt(batch, row).map((number) => labelOf[number]!))) {
        if (label !== -1) rowsPerClass[split]![label]!++;
      }
      const range = values[split]!;
      range.min = Math.min(range.min, batch.value[row]!);
      range.max = Math.max(range.max, batch.value[row]!);
    }
  }
  return { rows, rowsPerClass, values };
}

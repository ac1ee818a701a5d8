/**
 * What becomes of every row, decided from the facts of all of them: which stay, which classes there are, which split each goes
 * to. It never sees the rows themselves, and passes over their facts several times rather than hold them.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { weightsProblem } from '../../job/balance.js';
import type { Job, Task } from '../../job/schema.js';
import { sha256Of } from '../content-key.js';
import { judgeBadRows, maxShareOf } from '../bad-rows.js';
import { DataError } from '../data-error.js';
import { compareRows, type ComparedRows } from '../near/compare-rows.js';
import { labelMap } from '../labels.js';
import { moments } from '../moments.js';
import { requireColumns } from '../pick-columns.js';
import { requireRowsEverywhere } from '../require-rows.js';
import { splits } from '../split.js';
import { targetOf } from '../targets.js';
import { unreadableImages, type UnreadableReport } from '../unreadable.js';
import { countClasses, labelsOf } from './class-counts.js';
import { tableDecider } from './decide-tables.js';
import { verdictsFile, writeDecisions, type Decisions } from './decisions-file.js';
import { dropDuplicates } from './drop-duplicates.js';
import { dropNearDuplicates } from './drop-near-duplicates.js';
import { classesAt, rowStates, type FactsBatch } from './facts.js';
import { findLeakage } from './leakage.js';
import { mergeLabels, withAliases } from './merge-labels.js';
import { placeRows } from './place-rows.js';
import { rowPlaces, type PlacedFile } from './row-places.js';
import { openSurveys, type Surveys } from './surveys.js';
import { countDropped, droppedFor, isKept, UNDECIDED } from './verdicts.js';

export interface DecideInput {
  /** Folders that surveyPart wrote, of all parts in their order. */
  readonly surveys: readonly string[];
  /** The file of each of those parts. */
  readonly files: readonly PlacedFile[];
  readonly job: Job;
  readonly sourceName: string;
  /** Gets what is decided: see decisions-file.ts. Made when absent. */
  readonly outFolder: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A function of the surveys and the job. It holds ten bytes a row.
 * @throws DataError with the first thing that is wrong with the rows as a whole.
 */
export async function decideDataset(input: DecideInput): Promise<Decisions> {
  const { surveys, files, job, sourceName, outFolder, signal } = input;
  const { clean } = job.data;
  const survey = openSurveys(surveys);
  const judge = (): void => judgeBadRows(survey.badRows(), survey.rows, maxShareOf(job.data), sourceName);
  if (survey.rows === 0) {
    judge();
    throw new DataError(`${sourceName}: expected rows, found none`);
  }
  requireColumns(job, survey.columns, sourceName);
  judge();
  const verdicts = new Uint8Array(survey.rows).fill(UNDECIDED);
  const batches = async function* () {
    for await (const batch of survey.batches()) {
      signal?.throwIfAborted();
      yield batch;
    }
  };

  await dropByThemselves(batches(), verdicts);
  if (clean.dropDuplicates) await dropDuplicates(batches(), verdicts, join(outFolder, 'on-the-way'));
  const unreadable = await judgeFaults(survey, verdicts, sourceName, maxShareOf(job.data));
  const compared = survey.isCompared ? await compareRows(batches(), job, (row) => isKept(verdicts[row]!)) : null;
  try {
    if (compared && clean.nearDuplicates !== undefined) dropNearDuplicates(compared, verdicts);
    const decisions = await decideKept({ survey, files, batches, verdicts, compared, unreadable }, job, sourceName);
    await mkdir(outFolder, { recursive: true });
    for (const [part, { firstRow, rows }] of survey.parts.entries())
      await writeFile(join(outFolder, verdictsFile(part)), verdicts.subarray(firstRow, firstRow + rows));
    await writeDecisions(outFolder, decisions);
    return decisions;
  } finally {
    compared?.close();
  }
}

interface Cleaned {
  readonly survey: Surveys;
  readonly files: readonly PlacedFile[];
  readonly batches: () => AsyncIterable<FactsBatch>;
  readonly verdicts: Uint8Array;
  readonly compared: ComparedRows | null;
  readonly unreadable: UnreadableReport;
}

/** Of the rows that cleaning left. */
async function decideKept(
  { survey, files, batches, verdicts, compared, unreadable }: Cleaned,
  job: Job,
  sourceName: string,
): Promise<Decisions> {
  const { split, clean, label: column } = job.data;
  const target = targetOf(job);
  const table = job.task.startsWith('tabular') ? tableDecider(survey, job, sourceName) : null;
  await table?.dropGaps(verdicts);
  requireAny(verdicts, job.task, sourceName);

  const { aliases, rowsPerName, lookAlikes } = mergeLabels(await countClasses(batches(), verdicts), clean.labels);
  const labels = labelMap(rowsPerName, { target, column, sourceName });
  const rowsPerLabel = [...labels.keys()].map((name) => rowsPerName.get(name)!);
  const named = withAliases(labels, aliases);
  await placeRows({ batches, verdicts, labels: named, rowsPerLabel, split });
  await table?.judgeOutliers(verdicts);

  const { rows, rowsPerClass, values } = await describe(batches(), verdicts, named, labels.size);
  const names = [...labels.keys()];
  const weights = weightsProblem(job, names);
  if (weights !== null) throw new DataError(`${sourceName}: ${weights}`);
  requireRowsEverywhere({ rows, rowsPerClass, labels: names, sourceName, split });
  const leakage = compared && (await findLeakage(compared, batches, verdicts, rowPlaces(survey.parts, files)));
  return {
    format: 'temper-decisions/1',
    columns: [...survey.columns],
    labels: names,
    aliases: Object.fromEntries(aliases),
    lookAlikes: labels.size === 0 ? [] : lookAlikes.map((group) => ({ ...group, variants: [...group.variants] })),
    leakage: leakage && {
      ...leakage,
      examples: leakage.examples.map(({ rows, similarity }) => ({ rows: [...rows], similarity })),
    },
    rowsRead: survey.rows,
    dropped: countDropped(verdicts),
    unreadable: { ...unreadable, first: [...unreadable.first] },
    badRows: survey.badRows(),
    rows,
    rowsPerClass,
    values: target === 'value' ? values : null,
    features: table && { numeric: [...table.features.numeric], categorical: [...table.features.categorical] },
    transform: table && (await table.fit(verdicts)),
    parts: survey.parts.map(({ firstRow, rows }) => {
      return { firstRow, rows, sha256: sha256Of(verdicts.subarray(firstRow, firstRow + rows)) };
    }),
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
async function judgeFaults(
  survey: Surveys,
  verdicts: Uint8Array,
  sourceName: string,
  maxShare: number,
): Promise<UnreadableReport> {
  const unreadable = unreadableImages(sourceName, maxShare);
  const toldOf = new Map(Array.from(survey.faults(), ({ row, ...bad }) => [row, bad]));
  let images = 0;
  for await (const { firstRow, rows, state } of survey.batches()) {
    for (let row = firstRow; row < firstRow + rows; row++) {
      if (!isKept(verdicts[row]!)) continue;
      images++;
      if (state[row - firstRow] !== UNREADABLE) continue;
      verdicts[row] = droppedFor('unreadable');
      unreadable.add(toldOf.get(row));
    }
  }
  return unreadable.report(images);
}

const UNREADABLE = rowStates.indexOf('unreadable');

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
  const values = splits.map(() => moments());
  for await (const batch of batches) {
    const labelOf = labelsOf(batch, labels);
    for (let row = 0; row < batch.rows; row++) {
      const split = verdicts[batch.firstRow + row]!;
      if (!isKept(split)) continue;
      rows[split]!++;
      for (const label of distinct(classesAt(batch, row), labelOf)) {
        if (label !== -1) rowsPerClass[split]![label]!++;
      }
      values[split]!.add(batch.value[row]!);
    }
  }
  return { rows, rowsPerClass, values: values.map((found) => found.describe()) };
}

/** Labels of a row; two of its classes may be one by another spelling. */
const distinct = (classes: Int32Array, labelOf: Int32Array): Iterable<number> =>
  classes.length === 1 ? [labelOf[classes[0]!]!] : new Set(classes.map((number) => labelOf[number]!));

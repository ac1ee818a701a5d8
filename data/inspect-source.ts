import { warmupProblem } from '../job/checks.js';
import { quotedList } from '../job/nearest.js';
import type { Job, Task } from '../job/schema.js';
import { USUAL_BATCH_SIZE } from '../job/schema/train.js';
import { firstOf, type BadRows } from './bad-rows.js';
import { DataError } from './data-error.js';
import { cleaningReport, type CleaningReport } from './prepare/cleaning-report.js';
import type { FeatureColumns } from './features/columns.js';
import type { SpellingGroup } from './cleaning/label-spelling.js';
import { widthOf } from './features/transform.js';
import { LOOKED_AT_BYTES } from './near/sketcher.js';
import { leakagePairs } from './leakage-pairs.js';
import { decideSource, type DecideSourceInput } from './prepare.js';
import type { Decisions } from './prepare/decisions-file.js';
import { isFilesSource } from './readers/files.js';
import { SPLIT_COLUMN } from './sources/arrange.js';
import { bySplit, type Split } from './split.js';
import { kindOf, targetOf, type DatasetKind, type Target } from './targets.js';
import type { UnreadableReport } from './unreadable.js';

export interface SourceReport {
  readonly task: Task;
  readonly kind: DatasetKind;
  readonly target: Target;
  /** All that the source has. */
  readonly columns: readonly string[];
  /** None where no classes are learnt. */
  readonly labels: readonly string[];
  readonly rowsRead: number;
  readonly cleaning: CleaningReport;
  /** Images that are left out because they cannot be used. */
  readonly unreadable: Pick<UnreadableReport, 'count' | 'first'>;
  /** Rows that cannot be read, which are left out, and the first of them with their places. */
  readonly badRows: { readonly count: number; readonly first: readonly string[] };
  readonly rows: Readonly<Record<Split, number>>;
  /** rowsPerClass.train[class]: rows that have the class, or a word of that tag. */
  readonly rowsPerClass: Readonly<Record<Split, readonly number[]>>;
  /** Smallest and largest number to predict; null where none are. */
  readonly values: Readonly<Record<Split, { readonly min: number; readonly max: number }>> | null;
  /** Of tables: which columns are learnt from, and as what. */
  readonly features: FeatureColumns | null;
  /** Of tables: numbers that a row becomes. */
  readonly width: number | null;
  /** null for causal-lm: how many blocks the texts make is known when they are tokenised. */
  readonly stepsPerEpoch: number | null;
  /** Sentences about what will work but is probably not meant. */
  readonly warnings: readonly string[];
}

/**
 * Reads the whole source, streaming, and says what a run would train on; nothing is tokenised or written. Images are decoded.
 * @throws DataError with the first thing that is wrong: unreadable rows, a missing column, an empty class or split, a batch larger than all rows.
 */
export const checkSource = async (input: DecideSourceInput): Promise<SourceReport> =>
  reportOn(await decideSource(input), input);

/** What a run would train on, by what was decided of the source. */
export function reportOn(plan: Decisions, input: DecideSourceInput): SourceReport {
  const { job } = input;
  const rows = bySplit(plan.rows);
  const target = targetOf(job);
  const { batchSize, accumulate, epochs } = job.train;
  if (target !== 'next' && batchSize > Math.max(rows.train, USUAL_BATCH_SIZE))
    throw new DataError(`train.batchSize: expected at most ${rows.train}, the rows to train on, found ${batchSize}`);
  const stepsPerEpoch = target === 'next' ? null : Math.ceil(Math.ceil(rows.train / batchSize) / accumulate);
  const warning = stepsPerEpoch === null ? null : warmupProblem(job, stepsPerEpoch * epochs);
  const constant = plan.values !== null && plan.values[0]!.min === plan.values[0]!.max;
  const warnings = [
    ...(warning === null ? [] : [warning]),
    ...(constant
      ? [`column \`${job.data.label}\` is ${plan.values![0]!.min} in every training row: there is nothing to learn`]
      : []),
    ...(plan.badRows.count === 0 ? [] : [badRowsWarning(plan.badRows)]),
    ...(plan.unreadable.count === 0 ? [] : [unreadableWarning(plan.unreadable)]),
    ...leakageWarnings(plan, job),
    ...givenSplitWarning(plan, input),
    ...plan.lookAlikes.map(lookAlikeWarning),
  ];
  return {
    task: job.task,
    kind: kindOf(job),
    target,
    columns: plan.columns,
    labels: plan.labels,
    rowsRead: plan.rowsRead,
    cleaning: cleaningReport(plan.dropped),
    unreadable: { count: plan.unreadable.count, first: plan.unreadable.first },
    badRows: { count: plan.badRows.count, first: firstOf(plan.badRows) },
    rows,
    rowsPerClass: bySplit(plan.rowsPerClass),
    values: plan.values && bySplit(plan.values),
    features: plan.features,
    width: plan.transform && widthOf(plan.transform),
    stepsPerEpoch,
    warnings,
  };
}

const badRowsWarning = (bad: BadRows): string => {
  const first = firstOf(bad);
  return `${bad.count === 1 ? 'one row is' : `${bad.count} rows are`} left out because ${bad.count === 1 ? 'it' : 'they'} cannot be read: ${first.join('; ')}${bad.count > first.length ? '; …' : ''}`;
};

const unreadableWarning = ({ count, first }: SourceReport['unreadable']): string =>
  `${count === 1 ? 'one image is' : `${count} images are`} left out because ${count === 1 ? 'it' : 'they'} cannot be used: ${first.join('; ')}${count > first.length ? '; …' : ''}`;

function leakageWarnings({ leakage }: Pick<Decisions, 'leakage'>, job: Job): string[] {
  if (leakage === null) return wantsLeakageTold(job) ? [LEAKAGE_NOT_LOOKED_FOR] : [];
  const { validation, test } = leakage.rows;
  if (validation + test === 0) return [];
  return [
    `${validation} rows of the validation split and ${test} of the test split are nearly the same in a split before, which makes the metrics look better than they are: ${leakagePairs(leakage)}: set data.clean.nearDuplicates, or split by group`,
  ];
}

const LEAKAGE_NOT_LOOKED_FOR = `rows that are nearly the same in two splits were not looked for, because the source has more than ${LOOKED_AT_BYTES / 2 ** 20} MiB: set data.leakage to on to look for them, or to off to read no more of this`;

const wantsLeakageTold = ({ data }: Job): boolean => (data.leakage ?? 'auto') === 'auto';

/** Folders or names of files told a split of each row, and the job divides anew without saying so. */
function givenSplitWarning({ columns }: Decisions, { job, source, format }: DecideSourceInput): string[] {
  const { split } = job.data;
  if (!('train' in split) || 'by' in split || !columns.includes(SPLIT_COLUMN)) return [];
  const isGiven =
    format === 'images' || (isFilesSource(source) && source.files.every(({ fields }) => fields?.[SPLIT_COLUMN]));
  if (!isGiven) return [];
  return [
    `the source says which rows train, validate and test (column \`${SPLIT_COLUMN}\`), but data.split divides them anew: set it to { column: ${SPLIT_COLUMN} } to keep what the source says`,
  ];
}

const lookAlikeWarning = ({ name, variants, by }: SpellingGroup): string =>
  `the classes ${quotedList([name, ...variants])} look like one: if they are, set data.clean.labels to { merge: ${by} } or name them in its map`;

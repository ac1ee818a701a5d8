import { warmupProblem } from '../job/checks.js';
import type { CleaningReport } from './clean.js';
import { planDataset, type PlanInput } from './plan-dataset.js';
import { bySplit } from './prepare.js';
import type { Split } from './split.js';

export interface SourceReport {
  readonly columns: readonly string[];
  readonly labels: readonly string[];
  readonly rowsRead: number;
  readonly cleaning: CleaningReport;
  readonly rows: Readonly<Record<Split, number>>;
  readonly rowsPerClass: Readonly<Record<Split, readonly number[]>>;
  readonly stepsPerEpoch: number;
  /** Sentences about what will work but is probably not meant. */
  readonly warnings: readonly string[];
}

/**
 * Reads the whole source, streaming, and says what a run would train on; nothing is tokenised or written.
 * @throws DataError with the first thing that is wrong: unreadable rows, a missing column, an empty class or split.
 */
export async function checkSource(input: PlanInput): Promise<SourceReport> {
  const plan = await planDataset(input);
  const rows = bySplit(plan.rowsPerClass.map((counts) => counts.reduce((sum, count) => sum + count, 0)));
  const stepsPerEpoch = Math.ceil(rows.train / input.job.train.batchSize);
  const warning = warmupProblem(input.job, stepsPerEpoch * input.job.train.epochs);
  return {
    columns: plan.columns,
    labels: plan.labels,
    rowsRead: plan.rowsRead,
    cleaning: plan.cleaning,
    rows,
    rowsPerClass: bySplit(plan.rowsPerClass),
    stepsPerEpoch,
    warnings: warning === null ? [] : [warning],
  };
}

import { createHash } from 'node:crypto';
import type { Line } from '../../storage/checkpoint/line.js';
import type { Adjustment, Sha256, StateRef, TrainingContext } from '../../workflows/contract.js';
import { changesAfter, changesBefore, changesLearning, jobWith } from '../../workflows/policies/adjustments.js';

interface Adjusted {
  /** Of the states before any adjustment. */
  readonly lineage: Sha256;
  readonly adjustments?: readonly Adjustment[];
}

/** The lineages of a run by step: each adjustment that changes what is learnt names the states after its step anew. */
export function lineOf({ lineage, adjustments = [] }: Adjusted): Line {
  const learning = adjustments.filter(changesLearning);
  if (learning.length === 0) return lineage;
  const steps = [...new Set(learning.map(({ fromStep }) => fromStep))];
  const named = steps.map((afterStep) => {
    const effective = learning.filter(({ fromStep }) => fromStep <= afterStep).map(inOrder);
    return { afterStep, lineage: sha256(JSON.stringify([lineage, effective])) };
  });
  return [{ afterStep: -1, lineage }, ...named];
}

/** Those that the state at `step` is a function of. */
export const adjustmentsBefore = ({ adjustments = [] }: Adjusted, step: number): readonly Adjustment[] =>
  adjustments.filter(({ fromStep }) => fromStep < step);

/** The context with the job's batches as the state was made by: what evaluates it is built for them. */
export const asMade = (context: TrainingContext, { step }: StateRef): TrainingContext => withBatches(context, step - 1);

/** The context with the job's batches as the next step takes them. */
export const asTrained = (context: TrainingContext, { step }: StateRef): TrainingContext => withBatches(context, step);

/** The job as the next step takes it. */
export const jobAfter = ({ job, adjustments = [] }: TrainingContext, { step }: Pick<StateRef, 'step'>) =>
  jobWith(job, changesAfter(adjustments, step));

/** What the loop reads of the job at each step; undefined: as the job says. */
export function adjustedRates(context: TrainingContext, at: Pick<StateRef, 'step'>) {
  if (!context.adjustments?.length) return undefined;
  const { learningRate, epochs } = jobAfter(context, at).train;
  return { learningRate, epochs };
}

/** The job that a state was made by, with all that was adjusted until then. */
export const jobOf = ({ job, adjustments = [] }: TrainingContext, { step }: StateRef) =>
  jobWith(job, changesBefore(adjustments, step));

/** Only what a graph is built by: everything else stays the job's, so that an adjusted rate builds nothing anew. */
function withBatches(context: TrainingContext, step: number): TrainingContext {
  const { batchSize } = changesAfter(context.adjustments ?? [], step);
  return batchSize === undefined ? context : { ...context, job: jobWith(context.job, { batchSize }) };
}

const inOrder = ({ fromStep, changes }: Adjustment) => [
  fromStep,
  Object.entries(changes).sort(([a], [b]) => (a < b ? -1 : 1)),
];

const sha256 = (text: string): Sha256 => createHash('sha256').update(text).digest('hex') as Sha256;

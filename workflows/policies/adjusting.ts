import type { Job } from '../../job/schema.js';
import type { Adjustment, DatasetRef, JobChanges, Position } from '../contract.js';
import { pace } from './adjustments.js';

/** How a run stands when it is asked to adjust. */
export interface Standing {
  /** With all that holds at its position. */
  readonly job: Job;
  readonly position: Position;
  /** A segment from `position` on is under way. */
  readonly stepping: boolean;
  readonly dataset: DatasetRef | null;
  /** Why nothing can be changed any more; null while training is not over. */
  readonly over: string | null;
}

const whole = { test: (value: number) => Number.isSafeInteger(value) && value > 0, expected: 'a whole number from 1' };
const rules: Readonly<Record<keyof JobChanges, { test: (value: number) => boolean; expected: string }>> = {
  learningRate: { test: (value) => value > 0 && value <= 1, expected: 'a number above 0 and at most 1' },
  epochs: whole,
  patience: whole,
  batchSize: whole,
  checkpointMinutes: { test: (value) => value > 0 && Number.isFinite(value), expected: 'a number above 0' },
  checkpointSteps: whole,
};

/** See job/checks.ts: reduce-on-plateau folds over every validation. */
const MAX_PLATEAU_EPOCHS = 2000;

/** Why a request cannot be fulfilled, in one sentence; null: it can. */
export function refusal(changes: Readonly<Record<string, unknown>>, standing: Standing): string | null {
  const { job, over } = standing;
  if (over !== null) return over;
  const names = Object.keys(changes);
  if (names.length === 0) return `Nothing to change was named: expected ${Object.keys(rules).join(', ')}.`;
  for (const name of names) {
    const rule = Object.hasOwn(rules, name) ? rules[name as keyof JobChanges] : null;
    if (!rule) return `${name} cannot be changed in a run: expected ${Object.keys(rules).join(', ')}.`;
    const value = changes[name];
    if (typeof value !== 'number' || !rule.test(value))
      return `${name}: expected ${rule.expected}, found ${String(value)}.`;
  }
  const { epochs, patience, batchSize } = changes as JobChanges;
  if (standing.dataset === null && standing.position.cursor > 0 && (epochs !== undefined || batchSize !== undefined))
    return 'Where its epoch ends is not known before the data is prepared: try again in a moment.';
  if (patience !== undefined && !job.train.stopEarly)
    return 'patience: the job has no train.stopEarly, so there is none to change; `temper checkpoints fork` can add it.';
  const rows = standing.dataset?.rows.train ?? Infinity;
  if (batchSize !== undefined && batchSize > rows)
    return `batchSize: expected at most ${rows}, the rows to train on, found ${batchSize}.`;
  return epochs === undefined ? null : epochsRefusal(epochs, standing);
}

function epochsRefusal(epochs: number, { job, position, stepping }: Standing): string | null {
  const { schedule } = job.train;
  const name = typeof schedule === 'string' ? schedule : schedule.name;
  if (name === 'reduce-on-plateau' && epochs > MAX_PLATEAU_EPOCHS)
    return `epochs: expected at most ${MAX_PLATEAU_EPOCHS} with \`schedule: reduce-on-plateau\`, found ${epochs}.`;
  const begun = position.epoch + (beginsEpoch(position, stepping) ? 0 : 1);
  if (epochs >= Math.max(1, begun)) return null;
  return `epochs: ${begun} ${begun === 1 ? 'is' : 'are'} done or under way, expected at least ${begun}, found ${epochs}; \`temper stop\` ends training now.`;
}

const beginsEpoch = ({ cursor }: Position, stepping: boolean): boolean => cursor === 0 && !stepping;

/**
 * The request as adjustments, each tied to its step: at once, which is the step that the run has reached, or at the beginning of
 * the next epoch for what an epoch is cut by.
 */
export function asAdjustments(changes: JobChanges, { job, position, stepping, dataset }: Standing): Adjustment[] {
  const { epochs, batchSize, ...atOnce } = changes;
  const ofEpoch = { ...(epochs !== undefined && { epochs }), ...(batchSize !== undefined && { batchSize }) };
  const nextEpoch =
    dataset === null || beginsEpoch(position, stepping) ? position.step : pace(job, position, dataset).epochEnd;
  const adjustments = [
    { fromStep: position.step, changes: atOnce },
    { fromStep: nextEpoch, changes: ofEpoch },
  ];
  return adjustments.filter((each) => Object.keys(each.changes).length > 0);
}

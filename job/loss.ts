import { kindOf, type TaskKind, type TaskOfJob } from './metrics.js';
import { quotedList } from './nearest.js';
import type { Job } from './schema.js';

export type LossName = 'cross-entropy' | 'focal' | 'bce' | 'mse' | 'mae' | 'huber';

/** The loss a job trains towards, `auto` and defaults filled in. */
export interface Loss {
  readonly name: LossName;
  /** focal: exponent of 1 - p. */
  readonly gamma: number;
  /** huber: the error from which on it counts linearly. */
  readonly delta: number;
}

export type LossOfJob = TaskOfJob & { readonly train: Pick<Job['train'], 'loss' | 'labelSmoothing'> };

/** What each kind of task can be trained towards; `auto` is the first. */
const losses: Readonly<Record<TaskKind, readonly [LossName, ...LossName[]]>> = {
  classes: ['cross-entropy', 'focal'],
  labels: ['bce', 'focal'],
  tags: ['cross-entropy', 'focal'],
  language: ['cross-entropy'],
  number: ['mse', 'mae', 'huber'],
};

const DEFAULTS = { gamma: 2, delta: 1 };

export function lossOf(job: LossOfJob): Loss {
  const given = job.train.loss;
  if (typeof given === 'object') return { ...given };
  return { ...DEFAULTS, name: given === 'auto' ? losses[kindOf(job)][0] : given };
}

/** Why this job cannot train towards its loss: a sentence that says what to change, or null. */
export function lossProblem(job: LossOfJob): string | null {
  const { name } = lossOf(job);
  const kind = kindOf(job);
  const task = kind === 'labels' ? `${job.task} with many labels` : job.task;
  if (!losses[kind].includes(name)) {
    return `train.loss: expected ${quotedList(['auto', ...losses[kind]], 'or')} for ${task}, found \`${name}\``;
  }
  const { labelSmoothing } = job.train;
  if (labelSmoothing > 0 && name !== 'cross-entropy') {
    const instead = losses[kind].includes('cross-entropy') ? ' or train.loss to `cross-entropy`' : '';
    return (
      `train.labelSmoothing: expected 0, found ${labelSmoothing}: it spreads the target of cross-entropy and does ` +
      `nothing for ${name}; set it to 0${instead}`
    );
  }
  return null;
}

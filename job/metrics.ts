import { nearest, quotedList } from './nearest.js';
import type { Job } from './schema.js';

/**
 * What a model's outputs say: one class a row, any number of classes a row, one tag a position, the next token a position, or
 * one number a row. Losses, metrics and reports depend on the job by this alone.
 */
export type TaskKind = 'classes' | 'labels' | 'tags' | 'language' | 'number';

export type TaskOfJob = Pick<Job, 'task'> & { readonly data: Pick<Job['data'], 'multiLabel'> };

export function kindOf({ task, data }: TaskOfJob): TaskKind {
  switch (task) {
    case 'text-classification':
      return data.multiLabel ? 'labels' : 'classes';
    case 'image-classification':
    case 'tabular-classification':
      return 'classes';
    case 'token-classification':
      return 'tags';
    case 'causal-lm':
      return 'language';
    case 'tabular-regression':
      return 'number';
  }
}

export interface MetricInfo {
  /** As reports have it; a job says `validation.` before it. */
  readonly name: string;
  readonly lessIsBetter: boolean;
  /** What it is, in a few words. */
  readonly says: string;
  /** Reported only where there are so many classes. */
  readonly minClasses?: number;
}

const less = (name: string, says: string): MetricInfo => ({ name, lessIsBetter: true, says });
const more = (name: string, says: string): MetricInfo => ({ name, lessIsBetter: false, says });

const loss = less('loss', 'mean of the loss that is trained');
const macro = [
  more('precision', 'mean of the precision of every class'),
  more('recall', 'mean of the recall of every class'),
  more('f1', 'mean of the F1 of every class'),
];
const micro = [
  more('precisionmicro', 'precision of all classes counted together'),
  more('recallmicro', 'recall of all classes counted together'),
  more('f1micro', 'F1 of all classes counted together'),
];
const ranking = [
  more('auroc', 'mean over the classes of the area under the ROC curve, one class against the rest'),
  more('auprc', 'mean over the classes of the average precision, one class against the rest'),
];

/** Classes above which `top5` says something. */
export const TOP = 5;

/** What each kind of task reports. */
export const metricTable: Readonly<Record<TaskKind, readonly MetricInfo[]>> = {
  classes: [
    loss,
    more('accuracy', 'share of rows whose class is right'),
    { ...more('top5', 'share of rows whose class is among the five most probable'), minClasses: TOP + 1 },
    ...macro,
    ...micro,
    ...ranking,
  ],
  labels: [loss, more('accuracy', 'share of rows whose classes are all right'), ...macro, ...micro, ...ranking],
  tags: [
    loss,
    more('accuracy', 'share of positions whose tag is right'),
    more('precision', 'of entities, where tags begin with B-, I-, E- or S-; else the mean over the tags'),
    more('recall', 'of entities, where tags begin with B-, I-, E- or S-; else the mean over the tags'),
    more('f1', 'of entities, where tags begin with B-, I-, E- or S-; else the mean over the tags'),
  ],
  language: [
    loss,
    less('perplexity', 'e to the power of the mean loss of a token'),
    more('accuracy', 'share of next tokens that are right'),
  ],
  number: [
    loss,
    less('mae', 'mean absolute error'),
    less('rmse', 'square root of the mean squared error'),
    more('r2', 'share of the variance that is explained'),
  ],
};

/** The metrics that a run of this job reports; `classes` leaves out those that so few classes do not have. */
export const metricsOf = (job: TaskOfJob, classes = Infinity): readonly MetricInfo[] =>
  metricTable[kindOf(job)].filter(({ minClasses = 0 }) => classes >= minClasses);

const SPLIT = 'validation.';

/**
 * What is wrong with `name` (as a job has it: `validation.f1`) as a metric of this job: a sentence, or null. Once the data is
 * known call it again with the number of classes.
 */
export function metricProblem(job: TaskOfJob, name: string, classes?: number): string | null {
  const bare = name.startsWith(SPLIT) ? name.slice(SPLIT.length) : name;
  const valid = metricsOf(job, classes).map((metric) => metric.name);
  if (name.startsWith(SPLIT) && valid.includes(bare)) return null;
  const tooFew = metricsOf(job).find((metric) => metric.name === bare && !valid.includes(bare));
  if (tooFew !== undefined) {
    return `\`${name}\` needs at least ${tooFew.minClasses} classes, found ${classes}: choose ${quotedList(valid.map(whole), 'or')}`;
  }
  const near = nearest(bare, valid);
  const advice = near === null ? `valid are ${quotedList(valid.map(whole))}` : `did you mean \`${whole(near)}\`?`;
  const task = kindOf(job) === 'labels' ? `${job.task} with many labels` : job.task;
  return `expected a metric of ${task}, found \`${name}\`: ${advice}`;
}

const whole = (name: string): string => `${SPLIT}${name}`;

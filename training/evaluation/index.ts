import { kindOf, type TaskOfJob } from '../../job/metrics.js';
import { classEvaluator } from './classes.js';
import type { Evaluator } from './evaluator.js';
import { multiLabelEvaluator } from './labels.js';
import { languageEvaluator } from './language.js';
import { numberEvaluator } from './numbers.js';
import { tagEvaluator } from './tags.js';

export { rowOf } from './evaluator.js';
export type { EvaluationReport, Evaluator, WorstCase } from './evaluator.js';

/** A fresh evaluator of this job's task; `labels` are the names of its classes or tags, and empty for the others. */
export function evaluatorFor(job: TaskOfJob, labels: readonly string[]): Evaluator {
  switch (kindOf(job)) {
    case 'classes':
      return classEvaluator(labels);
    case 'labels':
      return multiLabelEvaluator(labels);
    case 'tags':
      return tagEvaluator(labels);
    case 'language':
      return languageEvaluator();
    case 'number':
      return numberEvaluator();
  }
}

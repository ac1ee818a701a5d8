import { lossOf, lossProblem } from '../../job/loss.js';
import { kindOf } from '../../job/metrics.js';
import type { Job } from '../../job/schema.js';
import type { Tensor } from '../tensorflow.js';
import { binaryObjective } from './binary.js';
import { mixes } from '../../data/augment/mix.js';
import { crossEntropyObjective, mixedCrossEntropyObjective } from './cross-entropy.js';
import { focalObjective, multiLabelFocalObjective } from './focal.js';
import { languageModelObjective, likeliest } from './language-model.js';
import type { Objective } from './objective.js';
import { absoluteErrorObjective, huberObjective, squaredErrorObjective } from './regression.js';

export { lossProblem } from '../../job/loss.js';
export { weightedMean } from './weighted-mean.js';

/**
 * What this job trains towards; `outputs` as the head has them: classes, tags, or 1 for a number. `deviation`: of the numbers to
 * predict, which the errors are divided by.
 * @throws Error with the sentence of lossProblem where loss and task do not go together.
 */
export function objectiveFor(job: Job, outputs: number, deviation = 1): Objective {
  const problem = lossProblem(job);
  if (problem !== null) throw new Error(problem);
  const { name, gamma, delta } = lossOf(job);
  const kind = kindOf(job);
  const { labelSmoothing } = job.train;
  const perPosition = kind === 'tags';
  switch (name) {
    case 'cross-entropy':
      if (kind === 'classes' && mixes(job.data.augment)) return mixedCrossEntropyObjective(outputs, labelSmoothing);
      return kind === 'language'
        ? languageModelObjective(labelSmoothing)
        : crossEntropyObjective(perPosition, labelSmoothing);
    case 'focal':
      return kind === 'labels' ? multiLabelFocalObjective(outputs, gamma) : focalObjective(perPosition, gamma);
    case 'bce':
      return binaryObjective(outputs);
    case 'mse':
      return squaredErrorObjective(deviation);
    case 'mae':
      return absoluteErrorObjective(deviation);
    case 'huber':
      return huberObjective(delta, deviation);
  }
}

/**
 * What evaluation fetches of the outputs, for Evaluator.add: all of them, but of a language model only the likeliest token of
 * each position, because (rows · bucket, vocabulary) would not fit through the fetch.
 */
export const evaluatedOutputs = (job: Job, outputs: Tensor): Tensor =>
  kindOf(job) === 'language' ? likeliest(outputs) : outputs;

import { setImmediate as nextTurn } from 'node:timers/promises';
import { evaluatorFor } from '../../training/evaluation/index.js';
import type { EvaluationDetails } from '../protocol.js';
import type { Loaded, SplitName } from './workbench.js';

const EXAMPLES_PER_TURN = 512;

/** Metrics of one split with the confusions and the examples that the model gets most wrong. */
export async function evaluateSplit(
  { job, dataset, trainer, examples, fed }: Loaded,
  split: SplitName,
): Promise<EvaluationDetails> {
  const evaluator = evaluatorFor(job, dataset.labels);
  let seen = 0;
  for (const { example, outputs, targets, losses } of trainer.evaluate(fed[split])) {
    evaluator.add(outputs, targets, losses, example);
    if (++seen % EXAMPLES_PER_TURN === 0) await nextTurn();
  }
  const { worst, ...report } = evaluator.finish();
  const described = await examples[split].describe(worst.map(({ example }) => example));
  return {
    ...report,
    labels: dataset.labels,
    worst: worst.map(({ example: _, ...figures }, i) => ({ ...described[i]!, ...figures })),
  };
}

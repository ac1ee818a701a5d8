import { macro, mean, microNamed } from '../metrics/counts.js';
import { ScoreTable } from '../metrics/score-table.js';
import { isPredicted } from '../metrics/scores.js';
import { ByExample } from './by-example.js';
import { rankedClasses } from './classes.js';
import { defined, type Evaluator } from './evaluator.js';
import { Worst } from './worst.js';

/** Any number of classes an example: `labels` float32 (classes), 1 for those it has. Predicted is what has one half or more. */
export function multiLabelEvaluator(labels: readonly string[]): Evaluator {
  const counts = labels.map(() => ({ hits: 0, predicted: 0, support: 0 }));
  const examples = new ByExample(1);
  const scores = new ScoreTable(labels.length);
  const worst = new Worst();
  let allRight = 0;
  const named = (has: (label: number) => boolean) => labels.filter((_, i) => has(i));
  return {
    add(outputs, targets, losses, example) {
      const loss = losses[0]!;
      examples.set(example, loss);
      const has = (label: number) => targets.labels![label] === 1;
      const predicted = (label: number) => isPredicted(outputs[label]!);
      let right = true;
      counts.forEach((count, i) => {
        if (has(i)) count.support += 1;
        if (predicted(i)) count.predicted += 1;
        if (has(i) && predicted(i)) count.hits += 1;
        if (has(i) !== predicted(i)) right = false;
      });
      if (right) allRight += 1;
      scores.add(outputs, has);
      worst.add(example, loss, () => ({ label: named(has), predicted: named(predicted), loss }));
    },
    finish() {
      const { perClass, auroc, auprc, notes } = rankedClasses(labels, counts, scores);
      return {
        metrics: {
          loss: mean(examples.column(0)),
          accuracy: allRight / examples.count,
          examples: examples.count,
          ...macro(counts),
          ...microNamed(counts),
          ...defined({ auroc, auprc }),
        },
        ...{ perClass, notes, worst: worst.list() },
      };
    },
  };
}

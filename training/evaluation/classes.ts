import { TOP } from '../../job/metrics.js';
import { accuracyOf, countsOf, seen } from '../metrics/classification.js';
import { figuresOf, macro, mean, microNamed, type Counts } from '../metrics/counts.js';
import { meanOfDefined } from '../metrics/ranking.js';
import { ScoreTable } from '../metrics/score-table.js';
import { argmax, isAmongTop, logOdds, softmax } from '../metrics/scores.js';
import { ByExample } from './by-example.js';
import { defined, type ClassFigures, type Evaluator } from './evaluator.js';
import { Worst } from './worst.js';

/** One class an example: `labels` int32 (1). */
export function classEvaluator(labels: readonly string[]): Evaluator {
  const confusion = labels.map(() => labels.map(() => 0));
  const examples = new ByExample(1);
  const scores = new ScoreTable(labels.length);
  const odds = new Float32Array(labels.length);
  const worst = new Worst();
  let amongTop = 0;
  return {
    add(outputs, targets, losses, example) {
      const loss = losses[0]!;
      examples.set(example, loss);
      const label = targets.labels![0]!;
      const predicted = argmax(outputs);
      confusion[label]![predicted]! += 1;
      if (isAmongTop(outputs, label, TOP)) amongTop += 1;
      logOdds(outputs, odds);
      scores.add(odds, (one) => one === label);
      worst.add(example, loss, () => ({
        ...{ label: labels[label]!, predicted: labels[predicted]!, loss },
        confidence: softmax(outputs)[predicted]!,
      }));
    },
    finish() {
      const counts = countsOf(confusion);
      const { perClass, auroc, auprc, notes } = rankedClasses(labels, counts, scores);
      return {
        metrics: {
          ...{ loss: mean(examples.column(0)), accuracy: accuracyOf(confusion), examples: examples.count },
          ...(labels.length > TOP ? { top5: amongTop / examples.count } : {}),
          ...macro(seen(counts)),
          ...microNamed(counts),
          ...defined({ auroc, auprc }),
        },
        ...{ confusion, perClass, notes, worst: worst.list() },
      };
    },
  };
}

/** Figures of every class, those of its ranks among them, and the means of these. */
export function rankedClasses(labels: readonly string[], counts: readonly Counts[], scores: ScoreTable) {
  const ranks = scores.figures();
  const perClass: ClassFigures[] = counts.map((count, i) => ({
    ...{ label: labels[i]!, ...figuresOf(count), support: count.support },
    ...ranks[i]!,
  }));
  const binned = `auroc and auprc count scores that share one of ${scores.bins} bins as tied: there are too many to keep`;
  return {
    perClass,
    auroc: meanOfDefined(ranks.map(({ auroc }) => auroc)),
    auprc: meanOfDefined(ranks.map(({ auprc }) => auprc)),
    notes: scores.bins === null ? [] : [binned],
  };
}

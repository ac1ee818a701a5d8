import { accuracyOf, countsOf, seen } from '../metrics/classification.js';
import { figuresOf, macro, micro, ratio, sum } from '../metrics/counts.js';
import { EntityCounts, markEntities } from '../metrics/entities.js';
import { argmax } from '../metrics/scores.js';
import { ByExample } from './by-example.js';
import type { Evaluator } from './evaluator.js';
import { positionLoss } from './position-loss.js';
import { Worst } from './worst.js';

/**
 * One tag a position: `labels` int32 (length), `weights` (length) 0 where a position does not count. Where the tags mark
 * entities, precision, recall and F1 are of entities; else means over the tags.
 */
export function tagEvaluator(tags: readonly string[]): Evaluator {
  const confusion = tags.map(() => tags.map(() => 0));
  const examples = new ByExample(2); // the loss of all its positions, their weight
  const entities = markEntities(tags) ? new EntityCounts() : null;
  const worst = new Worst();
  return {
    add(outputs, targets, losses, example) {
      const { labels, weights } = targets;
      const { loss, weight } = positionLoss(losses, weights!);
      examples.set(example, loss, weight);
      const [truth, predicted]: [string[], string[]] = [[], []];
      for (let at = 0; at < weights!.length; at++) {
        if (weights![at] === 0) continue;
        const found = argmax(outputs, at * tags.length, tags.length);
        confusion[labels![at]!]![found]! += 1;
        truth.push(tags[labels![at]!]!);
        predicted.push(tags[found]!);
      }
      entities?.add(truth, predicted);
      const mean = ratio(loss, weight);
      worst.add(example, mean, () => ({ label: truth, predicted, loss: mean }));
    },
    finish() {
      const counts = countsOf(confusion);
      const named = entities === null ? counts.map((count, i) => [tags[i]!, count] as const) : [...entities.byType];
      const figures = entities === null ? macro(seen(counts)) : micro(named.map(([, count]) => count));
      return {
        metrics: {
          loss: ratio(sum(examples.column(0)), sum(examples.column(1))),
          accuracy: accuracyOf(confusion),
          examples: examples.count,
          ...figures,
        },
        confusion,
        perClass: named.map(([label, count]) => ({ label, ...figuresOf(count), support: count.support })),
        ...{ worst: worst.list(), notes: [] },
      };
    },
  };
}

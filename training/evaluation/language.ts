import { ratio, sum } from '../metrics/counts.js';
import { ByExample } from './by-example.js';
import type { Evaluator } from './evaluator.js';
import { positionLoss } from './position-loss.js';
import { Worst } from './worst.js';

/**
 * The next token at every position: `labels` int32 (length), `weights` (length) 0 where a position does not count; outputs are
 * the likeliest tokens (length), not their scores. The loss is the mean over the tokens of all examples.
 */
export function languageEvaluator(): Evaluator {
  const examples = new ByExample(2); // the loss of all its positions, their weight
  const worst = new Worst();
  let [right, positions] = [0, 0];
  return {
    add(outputs, targets, losses, example) {
      const { labels, weights } = targets;
      if (outputs.length !== weights!.length) {
        const found = `found ${outputs.length} for ${weights!.length} positions`;
        throw new Error(`a language model is evaluated by its likeliest tokens, one a position: ${found}`);
      }
      const { loss, weight } = positionLoss(losses, weights!);
      examples.set(example, loss, weight);
      for (let at = 0; at < weights!.length; at++) {
        if (weights![at] === 0) continue;
        positions += 1;
        if (outputs[at] === labels![at]) right += 1;
      }
      const mean = ratio(loss, weight);
      worst.add(example, mean, () => ({ loss: mean }));
    },
    finish() {
      const loss = ratio(sum(examples.column(0)), sum(examples.column(1)));
      return {
        metrics: { loss, perplexity: Math.exp(loss), accuracy: ratio(right, positions), examples: examples.count },
        ...{ worst: worst.list(), notes: [] },
      };
    },
  };
}

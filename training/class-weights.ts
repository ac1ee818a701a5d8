/** Classes that weigh more in the training loss than others (data.balance). Validation and test weigh every row alike. */
import { balanceOf } from '../job/balance.js';
import type { Job } from '../job/schema.js';
import type { FeedValues } from './compile/program.js';

/**
 * What a row, or a word, of each class weighs; null: all weigh 1. Balanced: n / (classes · rows of the class), as scikit-learn's
 * compute_class_weight, so that every class weighs the same as a whole and the mean row weighs 1.
 */
export function classWeightsOf(
  data: Pick<Job['data'], 'balance'>,
  labels: readonly string[],
  rowsPerClass: readonly number[],
): Float32Array | null {
  const balance = balanceOf(data);
  if (typeof balance === 'object') return Float32Array.from(labels, (label) => balance.weights[label] ?? 1);
  if (balance !== 'class-weights') return null;
  const rows = rowsPerClass.reduce((sum, count) => sum + count, 0);
  return Float32Array.from(rowsPerClass, (count) => (count === 0 ? 1 : rows / (rowsPerClass.length * count)));
}

/**
 * `weights` of a batch, each by what the class of its row weighs. `labels` are classes (rows), or shares of them (rows · classes)
 * where rows were mixed: then by the mean of the weights of those.
 */
export function weighedByClass(
  { labels, weights }: Readonly<Record<string, FeedValues>>,
  classWeights: Float32Array,
): Float32Array {
  const of = labels!;
  const rows = weights!;
  const classes = classWeights.length;
  return Float32Array.from(rows, (weight, row) => {
    if (of.length === rows.length) return weight * classWeights[of[row]!]!;
    let [sum, share] = [0, 0];
    for (let label = 0; label < classes; label++) {
      sum += of[row * classes + label]! * classWeights[label]!;
      share += of[row * classes + label]!;
    }
    return share === 0 ? weight : (weight * sum) / share;
  });
}

import type { Job } from '../../job/schema.js';

type Folds = Extract<Job['data']['split'], { folds: number }>;

/** The split of a fold: `fold` is tested on, the one after it steers the run, all others train. */
export const splitOfFold = (of: number, { folds, fold }: Pick<Folds, 'folds' | 'fold'>): number =>
  of === fold ? 2 : of === (fold + 1) % folds ? 1 : 0;

/**
 * Folds of k-fold cross-validation: of each stratum (of all rows when not stratified) rows are ranked by `order` and cut into as
 * many runs as there are folds, of the sizes that scikit-learn's StratifiedKFold gives them. Rows of equal order share a fold. The
 * folds do not depend on which of them is tested on. It holds eight bytes a row.
 */
export function foldSplitter(rowsOfStratum: ArrayLike<number>, options: Folds) {
  const { folds, stratify } = options;
  const all = Array.from(rowsOfStratum);
  const sizes = stratify ? all : [all.reduce((sum, size) => sum + size, 0)];
  const starts = sizes.map(() => 0);
  for (let i = 1; i < sizes.length; i++) starts[i] = starts[i - 1]! + sizes[i - 1]!;
  const orders = new Float64Array(sizes.reduce((sum, size) => sum + size, 0));
  const filled = [...starts];
  const placeOf = (stratum: number): number => (stratify ? stratum : 0);
  return {
    add(stratum: number, order: number): void {
      orders[filled[placeOf(stratum)]!++] = order;
    },
    finish(): (stratum: number, order: number) => number {
      const lasts = sizes.map((size, stratum) => {
        const ranked = orders.subarray(starts[stratum], starts[stratum]! + size).sort();
        let end = 0;
        return Array.from({ length: folds }, (_, fold) => {
          end += countOf(starts[stratum]!, size, fold, folds);
          return end === 0 ? -Infinity : ranked[end - 1]!;
        });
      });
      return (stratum, order) => {
        const fold = lasts[placeOf(stratum)]!.findIndex((last) => order <= last);
        return splitOfFold(fold, options);
      };
    },
  };
}

/** Of the places start … start + size - 1, dealt to the folds in turn, those that `fold` gets. */
const countOf = (start: number, size: number, fold: number, folds: number): number => {
  const upTo = (end: number): number => Math.floor((end - fold + folds - 1) / folds);
  return upTo(start + size) - upTo(start);
};

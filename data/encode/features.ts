import { featureVector, widthOf, type FeatureTransform } from '../features/transform.js';
import { featureColumns } from '../shard-columns.js';
import { splits } from '../split.js';
import { targetCells, type Encoder } from './encoder.js';

/** Mean and spread of the numbers to predict in one split (Welford, 1962). */
export interface ValueMoments {
  count: number;
  mean: number;
  squares: number;
}

export interface FeatureCounts {
  /** unseen[split]: cells with a category that no training row has. */
  readonly unseen: number[];
  readonly values: readonly ValueMoments[];
}

/** Rows of a table as vectors, with their class, classes or number. */
export function featureEncoder(
  transform: FeatureTransform,
  target: 'class' | 'classes' | 'value',
  labels: ReadonlyMap<string, number>,
): Encoder & { readonly counts: FeatureCounts } {
  const counts: FeatureCounts = {
    unseen: splits.map(() => 0),
    values: splits.map(() => ({ count: 0, mean: 0, squares: 0 })),
  };
  return {
    counts,
    columns: featureColumns(target, widthOf(transform)),
    atOnce: 1,
    encode(example, split) {
      const { id, text, input, place } = example;
      if (input.kind !== 'features') throw new Error(`a row of ${input.kind} was to be made a vector`);
      const { values: features, unseen } = featureVector(transform, input.cells, place);
      counts.unseen[split]! += unseen;
      if (target === 'value') addTo(counts.values[split]!, example.target.value);
      return Promise.resolve([{ id, text, features, ...targetCells(example, labels, target) }]);
    },
    finish: () => [],
  };
}

function addTo(moments: ValueMoments, value: number): void {
  moments.count++;
  const difference = value - moments.mean;
  moments.mean += difference / moments.count;
  moments.squares += difference * (value - moments.mean);
}

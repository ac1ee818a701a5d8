import { featureVector, widthOf, type FeatureTransform } from '../features/transform.js';
import { featureColumns } from '../shard-columns.js';
import { splits } from '../split.js';
import { targetCells, type Encoder } from './encoder.js';

/** Rows of a table as vectors, with their class, classes or number. */
export function featureEncoder(
  transform: FeatureTransform,
  target: 'class' | 'classes' | 'value',
  labels: ReadonlyMap<string, number>,
): Encoder {
  const width = widthOf(transform);
  const unseenCells = splits.map(() => 0);
  return {
    columns: featureColumns(target, width),
    atOnce: 1,
    encode(example, split) {
      const { id, text, input, place } = example;
      if (input.kind !== 'features') throw new Error(`a row of ${input.kind} was to be made a vector`);
      const { values: features, unseen } = featureVector(transform, input.cells, place);
      unseenCells[split]! += unseen;
      return Promise.resolve([{ id, text, features, ...targetCells(example, labels, target) }]);
    },
    finish: () => [],
    counts: () => ({ unseen: unseenCells.map((cells) => [cells]) }),
  };
}

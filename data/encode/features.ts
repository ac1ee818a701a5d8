import { featureVector, widthOf, type FeatureTransform } from '../features/transform.js';
import { featureColumns } from '../shard-columns.js';
import type { Decisions } from '../prepare/decide.js';
import { bySplit, splits } from '../split.js';
import { targetCells, type Encoder } from './encoder.js';

/** Mean and spread of the numbers to predict in one split (Welford, 1962). */
interface Moments {
  count: number;
  mean: number;
  squares: number;
}

/** Rows of a table as vectors, with their class, classes or number; `ranges` are those of the numbers in each split. */
export function featureEncoder(
  transform: FeatureTransform,
  target: 'class' | 'classes' | 'value',
  labels: ReadonlyMap<string, number>,
  ranges: Decisions['values'],
): Encoder {
  const width = widthOf(transform);
  const unseenCells = splits.map(() => 0);
  const moments = splits.map((): Moments => ({ count: 0, mean: 0, squares: 0 }));
  return {
    columns: featureColumns(target, width),
    atOnce: 1,
    encode(example, split) {
      const { id, text, input, place } = example;
      if (input.kind !== 'features') throw new Error(`a row of ${input.kind} was to be made a vector`);
      const { values: features, unseen } = featureVector(transform, input.cells, place);
      unseenCells[split]! += unseen;
      if (target === 'value') addTo(moments[split]!, example.target.value);
      return Promise.resolve([{ id, text, features, ...targetCells(example, labels, target) }]);
    },
    finish: () => [],
    describe() {
      const spread = ({ count, mean, squares }: Moments) => ({ mean, deviation: Math.sqrt(squares / count) });
      const values = ranges && bySplit(ranges.map((range, split) => ({ ...range, ...spread(moments[split]!) })));
      return { kind: 'features', width, transform, unseen: bySplit(unseenCells), values };
    },
  };
}

function addTo(moments: Moments, value: number): void {
  moments.count++;
  const difference = value - moments.mean;
  moments.mean += difference / moments.count;
  moments.squares += difference * (value - moments.mean);
}

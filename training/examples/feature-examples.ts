import type { Examples } from './examples.js';
import { filledUp } from './filled-up.js';
import { countOfTargets, gatherTargets, type RowTargets } from './row-targets.js';

export interface FeatureRows {
  /** (count, width), back to back. */
  readonly features: Float32Array;
  readonly width: number;
  readonly targets: RowTargets;
}

/** Inputs: `features` float32 (rows, width), rows that fill up the batch repeat the others (filledUp). Targets: see gatherTargets. */
export function featureExamples({ features, width, targets }: FeatureRows): Examples {
  return {
    count: countOfTargets(targets),
    lengthOf: () => 1,
    bucketFor: () => 1,
    targets: (examples, rows) => gatherTargets(targets, examples, rows),
    gather(examples, rows) {
      const gathered = new Float32Array(rows * width);
      filledUp(examples, rows).forEach((example, row) => {
        gathered.set(features.subarray(example * width, (example + 1) * width), row * width);
      });
      return { features: gathered, ...gatherTargets(targets, examples, rows) };
    },
  };
}

import { mixRows } from '../../data/augment/mix.js';
import { addNoise } from '../../data/augment/noise.js';
import type { AugmentPlan } from '../../data/augment/plan.js';
import type { Examples } from './examples.js';
import { fillUp } from './filled-up.js';
import { mixOf, mixedTargets } from './mixed-targets.js';
import { countOfTargets, gatherTargets, type RowTargets } from './row-targets.js';
import { bitsOf } from './step-draws.js';

export interface FeatureRows {
  /** (count, width), back to back. */
  readonly features: Float32Array;
  readonly width: number;
  readonly targets: RowTargets;
  /** Of the training split, where the job augments; `numeric`: the first inputs, which are numbers. */
  readonly augment?: (AugmentPlan & { readonly numeric: number; readonly classes: number }) | undefined;
}

/** Inputs: `features` float32 (rows, width), rows that fill up the batch repeat the others (fillUp). Targets: see gatherTargets. */
export function featureExamples({ features, width, targets, augment }: FeatureRows): Examples {
  return {
    count: countOfTargets(targets),
    lengthOf: () => 1,
    bucketFor: () => 1,
    targets: (examples, rows) => gatherTargets(targets, examples, rows),
    gather(examples, rows, _bucket, at) {
      const gathered = new Float32Array(rows * width);
      examples.forEach((example, row) => {
        gathered.set(features.subarray(example * width, (example + 1) * width), row * width);
      });
      const own = gatherTargets(targets, examples, rows);
      if (!augment || !at) {
        fillUp(gathered, examples.length, width);
        return { features: gathered, ...own };
      }
      const { noise } = augment.settings;
      if (noise) {
        examples.forEach((_, row) => addNoise(gathered, row * width, augment.numeric, noise.std, bitsOf(at, row)));
      }
      const mix = mixOf(augment, 1, at);
      if (mix) mixRows(gathered, examples.length, width, mix);
      fillUp(gathered, examples.length, width);
      return { features: gathered, ...mixedTargets(own, mix, examples.length, augment.classes) };
    },
  };
}

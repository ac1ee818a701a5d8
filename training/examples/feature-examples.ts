import { mixRows } from '../../data/augment/mix.js';
import { addNoise } from '../../data/augment/noise.js';
import type { AugmentPlan } from '../../data/augment/plan.js';
import type { Examples } from './examples.js';
import { fillUp } from './fill-up.js';
import { mixedTargets, mixOf } from './mixed-targets.js';
import { bitsOf } from './row-draws.js';
import { classesOfTargets, countOfTargets, gatherTargets, type RowTargets } from './row-targets.js';
import { heldVectors, type VectorColumn } from './vector-column.js';

export interface FeatureRows {
  /** (count, width), back to back. */
  readonly features: Float32Array;
  readonly width: number;
  readonly targets: RowTargets;
}

export const featureExamples = ({ features, width, targets }: FeatureRows): Examples =>
  storedFeatureExamples(heldVectors(features, width), targets);

/** Of training rows, where the job augments: `numeric` of the inputs are numbers, the first ones. */
export type FeatureAugment = AugmentPlan & { readonly numeric: number; readonly classes: number };

/** Inputs: `features` float32 (rows, width), rows that fill up the batch repeat the others (fillUp). Targets: see gatherTargets. */
export function storedFeatureExamples(vectors: VectorColumn, targets: RowTargets, augment?: FeatureAugment): Examples {
  const { width } = vectors;
  return {
    count: countOfTargets(targets),
    lengthOf: () => 1,
    classes: classesOfTargets(targets),
    bucketFor: () => 1,
    targets: (examples, rows) => gatherTargets(targets, examples, rows),
    gather(examples, rows, _bucket, at) {
      const features = new Float32Array(rows * width);
      examples.forEach((example, row) => vectors.read(example, features.subarray(row * width, (row + 1) * width)));
      const own = gatherTargets(targets, examples, rows);
      if (!augment || !at) {
        fillUp(features, examples.length, width);
        return { features, ...own };
      }
      const { noise } = augment.settings;
      if (noise) {
        examples.forEach((example, row) =>
          addNoise(features, row * width, augment.numeric, noise.std, bitsOf(at, example, row)),
        );
      }
      const mix = mixOf(augment, 1, at, examples);
      if (mix) mixRows(features, examples.length, width, mix);
      fillUp(features, examples.length, width);
      return { features, ...mixedTargets(own, mix, examples.length, augment.classes) };
    },
  };
}

import type { Examples } from './examples.js';
import { filledUp } from './filled-up.js';
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

/** Inputs: `features` float32 (rows, width), rows that fill up the batch repeat the others (filledUp). Targets: see gatherTargets. */
export function storedFeatureExamples(vectors: VectorColumn, targets: RowTargets): Examples {
  const { width } = vectors;
  return {
    count: countOfTargets(targets),
    lengthOf: () => 1,
    classes: classesOfTargets(targets),
    bucketFor: () => 1,
    targets: (examples, rows) => gatherTargets(targets, examples, rows),
    gather(examples, rows) {
      const features = new Float32Array(rows * width);
      filledUp(examples, rows).forEach((example, row) => {
        // What fills up the batch was read before.
        if (row < examples.length) vectors.read(example, features.subarray(row * width, (row + 1) * width));
        else features.copyWithin(row * width, (row % examples.length) * width, ((row % examples.length) + 1) * width);
      });
      return { features, ...gatherTargets(targets, examples, rows) };
    },
  };
}

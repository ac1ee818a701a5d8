import { readContent } from '../../data/shards.js';
import type { Examples } from './examples.js';
import { joinFloats } from './join.js';

/**
 * Examples whose inputs are what a frozen base made of them, kept in shards in the same order of rows: `features` (rows, width). They
 * keep their lengths, so that an epoch has the same batches as it would have with the base.
 */
export async function withFeatures(examples: Examples, paths: readonly string[], width: number): Promise<Examples> {
  const parts: Float32Array[] = [];
  for (const path of paths) parts.push((await readContent(path)).vectors('features').values);
  const values = parts.length === 0 ? new Float32Array(0) : joinFloats(parts);
  if (values.length !== examples.count * width) {
    throw new Error(`${values.length / width} kept features for ${examples.count} examples`);
  }
  return {
    count: examples.count,
    lengthOf: (example) => examples.lengthOf(example),
    bucketFor: () => 1,
    gather(chosen, rows) {
      const features = new Float32Array(rows * width);
      chosen.forEach((example, row) => {
        features.set(values.subarray(example * width, (example + 1) * width), row * width);
      });
      return { features, ...examples.targets(chosen, rows, 1) };
    },
    targets: (chosen, rows, bucket) => examples.targets(chosen, rows, bucket),
  };
}

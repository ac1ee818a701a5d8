/** Examples over shards that were indexed before. Nothing here loads Arrow or TensorFlow: a thread of its own begins with it. */
import type { AugmentPlan } from '../../data/augment/plan.js';
import type { DatasetManifest } from '../../data/manifest.js';
import type { ShardIndex } from '../../data/shard-index.js';
import { shardRows, type ShardRows } from '../../data/shard-rows.js';
import type { Examples } from './examples.js';
import { storedFeatureExamples } from './feature-examples.js';
import { imageExamples, storedImages, type PixelScale } from './image-examples.js';
import type { RowTargets } from './row-targets.js';
import { storedTokens } from './token-column.js';
import { storedTokenExamples, type TokenTargets } from './token-examples.js';
import { storedVectors } from './vector-column.js';

/** Examples that read their shards when they are gathered. */
export interface StoredExamples extends Examples {
  /** Files are open until then. */
  close(): void;
}

/** All that examples are made of. Can be sent to a thread as it is. */
export interface ExamplesSource {
  readonly index: ShardIndex;
  readonly manifest: DatasetManifest;
  /** Of images: what the model was trained with. */
  readonly scale: PixelScale | undefined;
  /** What is done to training rows when they are gathered; undefined: nothing, and for other rows. */
  readonly augment?: AugmentPlan | undefined;
}

export function examplesOf({ index, manifest, scale, augment }: ExamplesSource): StoredExamples {
  const rows = shardRows(index);
  const close = () => rows.close();
  switch (manifest.kind) {
    case 'tokens': {
      const targets = tokenTargets(index, rows, manifest);
      const column = (name: string) => storedTokens(index, rows, name);
      const types = manifest.pairs ? column('types') : null;
      const { maxLength } = manifest;
      return { ...storedTokenExamples({ tokens: column('tokens'), types, targets, maxLength, augment }), close };
    }
    case 'features': {
      const vectors = storedVectors(rows, 'features', manifest.width);
      const numeric = manifest.transform.numeric.length;
      const augmented = augment && { ...augment, numeric, classes: manifest.labels.length };
      return { ...storedFeatureExamples(vectors, rowTargets(index, manifest), augmented), close };
    }
    case 'images': {
      if (!scale) throw new Error('openExamples: images need the mean and deviation that the model was trained with');
      const { size, margin = 0 } = manifest;
      const images = storedImages(index, rows, size + 2 * margin);
      const targets = rowTargets(index, manifest);
      const augmented = augment && { ...augment, classes: manifest.labels.length };
      return { ...imageExamples({ images, size, margin, scale, targets, augment: augmented }), close };
    }
  }
}

function tokenTargets(index: ShardIndex, rows: ShardRows, manifest: DatasetManifest): TokenTargets {
  if (manifest.target === 'next') return { kind: 'next' };
  if (manifest.target === 'tags') return { kind: 'tags', tags: storedTokens(index, rows, 'tags') };
  return rowTargets(index, manifest);
}

function rowTargets({ ints, floats, lists }: ShardIndex, { target, labels }: DatasetManifest): RowTargets {
  switch (target) {
    case 'class':
      return { kind: target, labels: ints['label'] ?? new Int32Array(0) };
    case 'classes':
      return { kind: target, lists: lists['labels'] ?? NONE, classes: labels.length };
    case 'value':
      return { kind: target, values: floats['value'] ?? new Float32Array(0) };
    case 'tags':
    case 'next':
      throw new Error(`examples of ${target} have targets for each token`);
  }
}

/** Of a split without rows. */
const NONE = { values: new Int32Array(0), offsets: new Int32Array(1) };

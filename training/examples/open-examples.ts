import type { AugmentPlan } from '../../data/augment/plan.js';
import type { DatasetManifest } from '../../data/manifest.js';
import { readContent, readTexts, type Lists, type ShardContent } from '../../data/shards.js';
import type { Examples } from './examples.js';
import { featureExamples } from './feature-examples.js';
import { imageExamples, type PixelScale } from './image-examples.js';
import { joinFloats, joinInts, joinLists } from './join.js';
import type { RowTargets } from './row-targets.js';
import { tokenExamples, type TokenTargets } from './token-examples.js';

/** Examples of prepared shards, with what a report says of them. */
export interface OpenedExamples extends Examples {
  /** Id and text (path of the image, row of the table) of these examples, read from the shards. */
  describe(examples: readonly number[]): Promise<readonly { readonly id: string; readonly text: string }[]>;
  /** Files of images are open until then. */
  close(): void;
}

type Described = Pick<DatasetManifest, 'target' | 'labels'>;

/**
 * The shards of one split, in their order, as examples. Tokens and features are held in memory, images stay on disk.
 * `scale` is needed for images: what the model was trained with. `augment` is of the training split.
 */
export async function openExamples(
  paths: readonly string[],
  manifest: DatasetManifest,
  scale?: PixelScale,
  augment?: AugmentPlan,
): Promise<OpenedExamples> {
  const parts: Part[] = [];
  for (const path of paths) parts.push(takeFrom(await readContent(path), path, manifest));
  const examples = { close: () => undefined, ...examplesOf(parts, manifest, scale, augment) };
  return { ...examples, describe: (chosen) => describe(parts, chosen) };
}

/** What is taken from one shard. */
interface Part {
  readonly path: string;
  readonly rows: number;
  readonly tokens: Lists | null;
  readonly types: Int32Array | null;
  readonly features: Float32Array | null;
  readonly offsets: Float64Array | null;
  readonly labels: Int32Array | null;
  readonly lists: Lists | null;
  readonly values: Float32Array | null;
}

function takeFrom(shard: ShardContent, path: string, manifest: DatasetManifest): Part {
  const { kind, target } = manifest;
  return {
    path,
    rows: shard.rows,
    tokens: kind === 'tokens' ? shard.lists('tokens') : null,
    types: kind === 'tokens' && manifest.pairs ? shard.lists('types').values : null,
    features: kind === 'features' ? shard.vectors('features').values : null,
    offsets: kind === 'images' ? shard.byteOffsets('pixels').offsets : null,
    labels: target === 'class' ? shard.int32('label') : null,
    lists: target === 'classes' ? shard.lists('labels') : target === 'tags' ? shard.lists('tags') : null,
    values: target === 'value' ? shard.float32('value') : null,
  };
}

function examplesOf(
  parts: readonly Part[],
  manifest: DatasetManifest,
  scale: PixelScale | undefined,
  augment: AugmentPlan | undefined,
): Examples {
  const classes = manifest.labels.length;
  switch (manifest.kind) {
    case 'tokens':
      return tokenExamples({
        tokens: joinLists(parts.map(({ tokens }) => tokens!)),
        types: manifest.pairs ? joinInts(parts.map(({ types }) => types!)) : null,
        targets: tokenTargets(parts, manifest),
        maxLength: manifest.maxLength,
        augment,
      });
    case 'features':
      return featureExamples({
        features: joinFloats(parts.map(({ features }) => features!)),
        width: manifest.width,
        targets: rowTargets(parts, manifest),
        augment: augment && { ...augment, classes, numeric: manifest.transform.numeric.length },
      });
    case 'images': {
      if (!scale) throw new Error('openExamples: images need the mean and deviation that the model was trained with');
      const files = parts.map(({ path, offsets }) => ({ path, offsets: offsets! }));
      return imageExamples({
        files,
        size: manifest.size,
        margin: manifest.margin,
        scale,
        targets: rowTargets(parts, manifest),
        augment: augment && { ...augment, classes },
      });
    }
  }
}

function tokenTargets(parts: readonly Part[], manifest: Described): TokenTargets {
  if (manifest.target === 'next') return { kind: 'next' };
  if (manifest.target === 'tags') return { kind: 'tags', tags: joinInts(parts.map(({ lists }) => lists!.values)) };
  return rowTargets(parts, manifest);
}

function rowTargets(parts: readonly Part[], { target, labels }: Described): RowTargets {
  switch (target) {
    case 'class':
      return { kind: target, labels: joinInts(parts.map(({ labels }) => labels!)) };
    case 'classes':
      return { kind: target, lists: joinLists(parts.map(({ lists }) => lists!)), classes: labels.length };
    case 'value':
      return { kind: target, values: joinFloats(parts.map(({ values }) => values!)) };
    case 'tags':
    case 'next':
      throw new Error(`examples of ${target} have targets for each token`);
  }
}

async function describe(parts: readonly Part[], examples: readonly number[]) {
  const wanted = examples.map((example) => {
    let [part, row] = [0, example];
    while (row >= parts[part]!.rows) row -= parts[part++]!.rows;
    return { part, row };
  });
  const described = new Array<{ id: string; text: string }>(examples.length);
  for (const part of new Set(wanted.map(({ part }) => part))) {
    const texts = await readTexts(parts[part]!.path);
    wanted.forEach((at, i) => {
      if (at.part === part) described[i] = { id: texts.id(at.row), text: texts.text(at.row) };
    });
  }
  return described;
}

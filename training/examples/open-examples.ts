import type { AugmentPlan } from '../../data/augment/plan.js';
import type { DatasetManifest } from '../../data/manifest.js';
import { indexShards, type IndexedColumns, type ShardIndex } from '../../data/shard-index.js';
import { readTexts } from '../../data/shards.js';
import type { PixelScale } from './image-examples.js';
import { examplesOf, type ExamplesSource, type StoredExamples } from './stored-examples.js';

/** Examples of prepared shards, with what a report says of them. */
export interface OpenedExamples extends StoredExamples {
  /** What they were opened from. */
  readonly source: ExamplesSource;
  /** Id and text (path of the image, row of the table) of these examples, read from the shards. */
  describe(examples: readonly number[]): Promise<readonly { readonly id: string; readonly text: string }[]>;
}

/**
 * The shards of one split, in their order, as examples. Tokens, features and pixels stay in their files and are read when they
 * are wanted; memory holds what is learnt of each example and how long it is. `scale` is needed for images.
 */
export async function openExamples(
  paths: readonly string[],
  manifest: DatasetManifest,
  scale?: PixelScale,
  augment?: AugmentPlan,
): Promise<OpenedExamples> {
  const source = { index: indexShards(paths, columnsOf(manifest)), manifest, scale, augment };
  return { ...examplesOf(source), source, describe: (chosen) => describe(source.index, chosen) };
}

function columnsOf(manifest: DatasetManifest): IndexedColumns {
  const { kind, target } = manifest;
  const inputs =
    kind === 'tokens' ? ['tokens', ...(manifest.pairs ? ['types'] : [])] : [kind === 'images' ? 'pixels' : 'features'];
  switch (target) {
    case 'class':
      return { stored: inputs, held: ['label'] };
    case 'classes':
      return { stored: inputs, held: ['labels'] };
    case 'value':
      return { stored: inputs, held: ['value'] };
    case 'tags':
      return { stored: [...inputs, 'tags'], held: [] };
    case 'next':
      return { stored: inputs, held: [] };
  }
}

async function describe({ paths, files, firstRows }: ShardIndex, examples: readonly number[]) {
  const firstOf = paths.map((_, file) => firstRows[files.indexOf(file)]!);
  const wanted = examples.map((example) => {
    const file = firstOf.findLastIndex((first) => first <= example);
    return { file, row: example - firstOf[file]! };
  });
  const described = new Array<{ id: string; text: string }>(examples.length);
  for (const file of new Set(wanted.map(({ file }) => file))) {
    const texts = await readTexts(paths[file]!);
    wanted.forEach((at, i) => {
      if (at.file === file) described[i] = { id: texts.id(at.row), text: texts.text(at.row) };
    });
  }
  return described;
}

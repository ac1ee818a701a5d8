import { mkdir } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import type { Job } from '../job/schema.js';
import { workAhead } from './ahead.js';
import type { ByteSource } from './byte-source.js';
import { DataError } from './data-error.js';
import { blockEncoder } from './encode/blocks.js';
import type { Encoder } from './encode/encoder.js';
import { featureEncoder } from './encode/features.js';
import { imageEncoder } from './encode/images.js';
import { tokenEncoder, type TokenCounts } from './encode/tokens.js';
import { transformFitter } from './features/fit.js';
import { widthOf, type FeatureTransform } from './features/transform.js';
import type { DatasetManifest, ShardFile } from './manifest.js';
import { columnPicker } from './pick-columns.js';
import { DROPPED, planDataset, type DatasetPlan } from './plan-dataset.js';
import { readRows, type SourceFormat } from './readers/read-rows.js';
import type { Row } from './readers/row.js';
import { shardWriter } from './shard-writer.js';
import { splits, type Split } from './split.js';
import { kindOf, targetOf, type Target } from './targets.js';
import type { TextTokenizer } from './tokenize.js';

/** Encoding holds the event loop for this many rows at most. */
const ROWS_PER_TURN = 128;

export interface PrepareInput {
  readonly source: ByteSource;
  /** Told by the source's name when left out; `images` for what packImages wrote. */
  readonly format?: SourceFormat;
  readonly job: Job;
  /** Of tasks on text. */
  readonly tokenizer?: TextTokenizer;
  /** Of image tasks: pixels of a side, data.imageSize or the model's. */
  readonly imageSize?: number;
  /** Made when absent; shards of the same name are replaced. */
  readonly outFolder: string;
  readonly onProgress?: (progress: { readonly rows: number; readonly totalRows: number }) => void;
  readonly signal?: AbortSignal;
}

/**
 * Reads, cleans and splits a source, tokenises, decodes or scales it, and writes Arrow shards (shard-columns.ts), rows of a
 * split in the order of the source. The same source, job, tokenizer and image size give the same bytes.
 * @throws DataError with the first thing that is wrong with the source.
 */
export async function prepareDataset(input: PrepareInput): Promise<DatasetManifest> {
  const { job, outFolder } = input;
  const plan = await planDataset(input);
  const recipe = await recipeFor(input, plan);
  const { encoder } = recipe;
  await mkdir(outFolder, { recursive: true });
  const writers = splits.map((split) => shardWriter(outFolder, split, encoder.columns));
  const written = splits.map(() => 0);
  const picker = columnPicker(job, input.source.name);

  const encoded = workAhead(plannedRows(input, plan), encoder.atOnce, async ({ row, part }) => ({
    part,
    rows: part === DROPPED ? [] : await encoder.encode(picker.pick(row), part),
  }));
  for await (const { part, rows } of encoded) {
    for (const row of rows) await writers[part]!.write(row);
    written[part]! += rows.length;
  }
  const files: ShardFile[] = [];
  for (const [part, writer] of writers.entries()) {
    const rest = encoder.finish(part);
    for (const row of rest) await writer.write(row);
    written[part]! += rest.length;
    files.push(...(await writer.close()));
  }
  return recipe.manifest({ ...describePlan(job, plan), rows: bySplit(written), files });
}

/** The rows of the source with their part. @throws DataError when there are more or fewer than in the plan. */
async function* plannedRows(
  { source, format, signal, onProgress }: PrepareInput,
  plan: DatasetPlan,
): AsyncGenerator<{ row: Row; part: number }> {
  let count = 0;
  for await (const row of readRows(source, format)) {
    if (count >= plan.rowsRead) throw changed(source);
    const part = plan.part[count]!;
    count++;
    if (count % ROWS_PER_TURN === 0) {
      signal?.throwIfAborted();
      onProgress?.({ rows: count, totalRows: plan.rowsRead });
      await setImmediate();
    }
    yield { row, part };
  }
  if (count !== plan.rowsRead) throw changed(source);
  onProgress?.({ rows: count, totalRows: plan.rowsRead });
}

type Common = ReturnType<typeof describePlan> & { rows: Record<Split, number>; files: ShardFile[] };

interface Recipe {
  readonly encoder: Encoder;
  readonly manifest: (common: Common) => DatasetManifest;
}

async function recipeFor(input: PrepareInput, plan: DatasetPlan): Promise<Recipe> {
  const { job } = input;
  const labels = new Map(plan.labels.map((label, index) => [label, index]));
  const target = targetOf(job);
  switch (kindOf(job)) {
    case 'tokens':
      return tokenRecipe(job, needed(input.tokenizer, 'a tokenizer'), target, labels);
    case 'images': {
      const size = needed(input.imageSize, 'an image size');
      const encoder = imageEncoder(size, classTarget(target), labels);
      const { count, first } = plan.unreadable;
      return {
        encoder,
        manifest: (common) => ({ ...common, kind: 'images', size, unreadable: { count, first: [...first] } }),
      };
    }
    case 'features': {
      const transform = await fitTransform(input, plan);
      const encoder = featureEncoder(transform, target === 'value' ? target : classTarget(target), labels);
      return {
        encoder,
        manifest: (common) => ({
          ...common,
          kind: 'features',
          width: widthOf(transform),
          transform,
          unseen: bySplit(encoder.counts.unseen),
          values:
            plan.values &&
            bySplit(
              plan.values.map((range, part) => {
                const { count, mean, squares } = encoder.counts.values[part]!;
                return { ...range, mean, deviation: Math.sqrt(squares / count) };
              }),
            ),
        }),
      };
    }
  }
}

function tokenRecipe(job: Job, tokenizer: TextTokenizer, target: Target, labels: ReadonlyMap<string, number>): Recipe {
  const isPair = job.task === 'text-classification' && job.data.textPair !== undefined;
  const pairs = isPair && tokenizer.encodePair('a', 'b').types !== null;
  const encoder: Encoder & { readonly counts: TokenCounts } =
    target === 'next'
      ? blockEncoder(tokenizer)
      : tokenEncoder(tokenizer, target === 'tags' ? target : classTarget(target), labels, pairs);
  return {
    encoder,
    manifest: (common) => ({
      ...common,
      kind: 'tokens',
      maxLength: tokenizer.maxLength,
      pairs,
      lengths: bySplit(encoder.counts.lengths.map(trimmed)),
      cut: bySplit(encoder.counts.cut),
      texts: bySplit(encoder.counts.texts),
    }),
  };
}

/** A pass over the training rows alone. */
async function fitTransform(input: PrepareInput, plan: DatasetPlan): Promise<FeatureTransform> {
  const { job, source } = input;
  const fitter = transformFitter(plan.features!, job.data.scale);
  const picker = columnPicker(job, source.name);
  for await (const { row, part } of plannedRows({ ...input, onProgress: () => undefined }, plan)) {
    if (part !== TRAIN) continue;
    const { input } = picker.pick(row);
    if (input.kind === 'features') fitter.add(input.cells);
  }
  return fitter.transform();
}

const TRAIN = splits.indexOf('train');

function classTarget(target: Target): 'class' | 'classes' {
  if (target === 'class' || target === 'classes') return target;
  throw new Error(`expected a task on classes, found one on ${target}`);
}

function needed<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`prepareDataset: this task needs ${what}`);
  return value;
}

function describePlan(job: Job, plan: DatasetPlan) {
  return {
    format: 'temper-dataset/2' as const,
    task: job.task,
    target: targetOf(job),
    labels: [...plan.labels],
    rowsPerClass: bySplit(plan.rowsPerClass.map((counts) => [...counts])),
    cleaning: { rowsRead: plan.rowsRead, ...plan.cleaning },
  };
}

/** One value for each split, in the order of `splits`, under its name. */
export const bySplit = <T>(values: readonly T[]): Record<Split, T> => ({
  train: values[0]!,
  validation: values[1]!,
  test: values[2]!,
});

const trimmed = (histogram: readonly number[]): number[] =>
  histogram.slice(0, histogram.findLastIndex((count) => count > 0) + 1);

const changed = (source: ByteSource): DataError =>
  new DataError(`${source.name}: the file changed while it was read: start again once it stays as it is`);

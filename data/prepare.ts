import { mkdir } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import type { Job } from '../job/schema.js';
import type { ByteSource } from './byte-source.js';
import { DataError } from './data-error.js';
import type { DatasetManifest } from './manifest.js';
import { columnPicker } from './pick-columns.js';
import { DROPPED, planDataset, type DatasetPlan } from './plan-dataset.js';
import { readRows, type SourceFormat } from './readers/read-rows.js';
import { shardWriter } from './shard-writer.js';
import { splits, type Split } from './split.js';
import type { TextTokenizer } from './tokenize.js';

/** Tokenising holds the event loop for this many rows at most. */
const ROWS_PER_TURN = 128;

export interface PrepareInput {
  readonly source: ByteSource;
  /** Told by the source's name when left out. */
  readonly format?: SourceFormat;
  readonly job: Job;
  readonly tokenizer: TextTokenizer;
  /** Made when absent; shards of the same name are replaced. */
  readonly outFolder: string;
  readonly onProgress?: (progress: { readonly rows: number; readonly totalRows: number }) => void;
  readonly signal?: AbortSignal;
}

/**
 * Reads, cleans, splits and tokenises a source into Arrow shards (shard-writer.ts), rows of a split in the order of the
 * source. The same source, job and tokenizer give the same bytes.
 * @throws DataError with the first thing that is wrong with the source.
 */
export async function prepareDataset(input: PrepareInput): Promise<DatasetManifest> {
  const { source, format, job, tokenizer, outFolder } = input;
  const plan = await planDataset(input);
  await mkdir(outFolder, { recursive: true });
  const writers = splits.map((split) => shardWriter(outFolder, split));
  const lengths = splits.map(() => new Array<number>(job.data.maxLength + 1).fill(0));
  const cut = splits.map(() => 0);
  const picker = columnPicker(job, source.name);

  let row = 0;
  for await (const raw of readRows(source, format)) {
    if (row >= plan.rowsRead) throw changed(source);
    const part = plan.part[row]!;
    const label = plan.label[row]!;
    row++;
    if (row % ROWS_PER_TURN === 0) {
      input.signal?.throwIfAborted();
      input.onProgress?.({ rows: row, totalRows: plan.rowsRead });
      await setImmediate();
    }
    if (part === DROPPED) continue;
    const { id, text } = picker.pick(raw);
    const tokens = tokenizer.encode(text);
    lengths[part]![tokens.length]!++;
    if (tokenizer.lastWasCut) cut[part]!++;
    await writers[part]!.write({ id, text, tokens, label });
  }
  if (row !== plan.rowsRead) throw changed(source);
  input.onProgress?.({ rows: row, totalRows: plan.rowsRead });

  const files = [];
  for (const writer of writers) files.push(...(await writer.close()));
  return {
    ...describePlan(plan),
    maxLength: tokenizer.maxLength,
    lengths: bySplit(lengths.map(trimmed)),
    cut: bySplit(cut),
    files,
  };
}

function describePlan(plan: DatasetPlan) {
  return {
    format: 'temper-dataset/1' as const,
    labels: [...plan.labels],
    rows: bySplit(plan.rowsPerClass.map((counts) => counts.reduce((sum, count) => sum + count, 0))),
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

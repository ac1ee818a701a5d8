import { mkdir } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import type { Job } from '../job/schema.js';
import { workAhead } from './ahead.js';
import type { ByteSource } from './byte-source.js';
import { DataError } from './data-error.js';
import { encoderFor, type EncoderInput } from './encode/encoder-for.js';
import { transformFitter } from './features/fit.js';
import type { FeatureTransform } from './features/transform.js';
import type { DatasetManifest, ShardFile } from './manifest.js';
import { columnPicker } from './pick-columns.js';
import { planDataset } from './plan-dataset.js';
import type { Decisions } from './prepare/decide.js';
import { isKept } from './prepare/verdicts.js';
import { readRows, type SourceFormat } from './readers/read-rows.js';
import type { Row } from './readers/row.js';
import { shardWriter } from './shard-writer.js';
import { bySplit, splits } from './split.js';
import { targetOf } from './targets.js';

/** Encoding holds the event loop for this many rows at most. */
const ROWS_PER_TURN = 128;

export interface PrepareInput extends EncoderInput {
  readonly source: ByteSource;
  /** Told by the source's name when left out; `images` for what packImages wrote. */
  readonly format?: SourceFormat;
  /** Rows of a shard, at most. */
  readonly shardRows?: number;
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
  const encoder = await encoderFor(input, plan, () => fitTransform(input, plan));
  await mkdir(outFolder, { recursive: true });
  const writers = splits.map((split) => shardWriter(outFolder, split, encoder.columns, input.shardRows));
  const written = splits.map(() => 0);
  const picker = columnPicker(job, input.source.name);

  const encoded = workAhead(plannedRows(input, plan), encoder.atOnce, async ({ row, part }) => ({
    part,
    rows: !isKept(part) ? [] : await encoder.encode(picker.pick(row), part),
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
  return { ...describePlan(job, plan), rows: bySplit(written), files, ...encoder.describe() };
}

/** The rows of the source with their part. @throws DataError when there are more or fewer than in the plan. */
async function* plannedRows(
  { source, format, signal, onProgress }: Pick<PrepareInput, 'source' | 'format' | 'signal' | 'onProgress'>,
  plan: Decisions,
): AsyncGenerator<{ row: Row; part: number }> {
  let count = 0;
  for await (const row of readRows(source, format)) {
    if (count >= plan.rowsRead) throw changed(source);
    const part = plan.verdicts[count]!;
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

/** A pass over the training rows alone. */
export async function fitTransform(
  input: Pick<PrepareInput, 'job' | 'source' | 'format' | 'signal'>,
  plan: Decisions,
): Promise<FeatureTransform> {
  const { job, source } = input;
  const fitter = transformFitter(plan.features!, { scale: job.data.scale });
  const picker = columnPicker(job, source.name);
  for await (const { row, part } of plannedRows({ ...input, onProgress: () => undefined }, plan)) {
    if (part !== TRAIN) continue;
    const { input } = picker.pick(row);
    if (input.kind === 'features') fitter.add(input.cells);
  }
  return fitter.transform();
}

const TRAIN = splits.indexOf('train');

function describePlan(job: Job, plan: Decisions) {
  return {
    format: 'temper-dataset/2' as const,
    task: job.task,
    target: targetOf(job),
    labels: [...plan.labels],
    rowsPerClass: bySplit(plan.rowsPerClass.map((counts) => [...counts])),
    cleaning: { rowsRead: plan.rowsRead, ...plan.cleaning },
    aliases: { ...plan.aliases },
    leakage: plan.leakage && {
      rows: { ...plan.leakage.rows },
      examples: plan.leakage.examples.map(({ rows, similarity }) => ({ rows: [...rows], similarity })),
    },
  };
}

const changed = (source: ByteSource): DataError =>
  new DataError(`${source.name}: the file changed while it was read: start again once it stays as it is`);

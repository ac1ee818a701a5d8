/** The second pass over a part: its rows again, tokenised, decoded or scaled as was decided, and written as Arrow shards. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { workAhead } from '../ahead.js';
import { encoderFor, type EncoderInput } from '../encode/encoder-for.js';
import { columnPicker } from '../pick-columns.js';
import type { Row } from '../readers/row.js';
import { shardWriter } from '../shard-writer.js';
import { splits } from '../split.js';
import { verdictsFile, type Decisions } from './decisions-file.js';
import { changed, fileOf, readPart, type SourceFiles, type SourcePart } from './parts.js';
import { isKept } from './verdicts.js';

/** Encoding holds the event loop for this many rows at most. */
const ROWS_PER_TURN = 128;

const count = z.int().nonnegative();
export const encodedPartSchema = z.object({
  format: z.literal('temper-encoded/1'),
  /** rows[split]: rows of the shards. For causal-lm these are blocks of text. */
  rows: z.array(count).length(3),
  /** counts[what][split] */
  counts: z.record(z.string(), z.array(z.array(count))),
  columns: z.record(z.string(), z.string()),
  files: z.array(
    z.object({
      /** In the part's folder: `train-00000.arrow`. */
      name: z.string(),
      split: z.enum(splits),
      rows: count,
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      bytes: count,
    }),
  ),
});
/** What encodePart made. */
export type EncodedPart = z.infer<typeof encodedPartSchema>;

export interface EncodePartInput extends EncoderInput {
  readonly source: SourceFiles;
  readonly part: SourcePart;
  readonly decisions: Decisions;
  /** The folder that decideDataset wrote; of it the part's verdicts are read. */
  readonly decisionsFolder: string;
  /** Rows of a shard, at most. */
  readonly shardRows?: number | undefined;
  /** Gets the shards and, last, `encoded.json`. Made when absent; files of the same name are replaced. */
  readonly outFolder: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: { readonly rows: number; readonly totalRows: number }) => void) | undefined;
}

/**
 * Rows of a split in the order of the source. A function of the part's bytes, its verdicts, the place of its first row, the
 * labels and the transform that were decided, the job, the tokenizer and the image size.
 * @throws DataError for a part that is not what was surveyed.
 */
export async function encodePart(input: EncodePartInput): Promise<EncodedPart> {
  const { source, part, job, decisions, outFolder } = input;
  const encoder = encoderFor(input, decisions);
  const picker = columnPicker(job, fileOf(source, part).source.name, { isFirst: false });
  await mkdir(outFolder, { recursive: true });
  const writers = splits.map((split) => shardWriter(outFolder, split, encoder.columns, input.shardRows));
  const written = splits.map(() => 0);
  try {
    const encoded = workAhead(decidedRows(input), encoder.atOnce, async ({ row, verdict }) => ({
      verdict,
      rows: isKept(verdict) ? await encoder.encode(picker.pick(row), verdict) : [],
    }));
    for await (const { verdict, rows } of encoded) {
      for (const row of rows) writers[verdict]!.write(row);
      if (rows.length > 0) written[verdict]! += rows.length;
    }
    const files: EncodedPart['files'] = [];
    for (const [split, writer] of writers.entries()) {
      const rest = encoder.finish(split);
      for (const row of rest) writer.write(row);
      written[split]! += rest.length;
      files.push(...writer.close());
    }
    const columns = Object.fromEntries(Object.entries(encoder.columns).map(([name, { type }]) => [name, type]));
    const made: EncodedPart = { format: 'temper-encoded/1', rows: written, counts: encoder.counts(), columns, files };
    await writeFile(join(outFolder, 'encoded.json'), JSON.stringify(made));
    return made;
  } catch (error) {
    for (const writer of writers) writer.abandon();
    throw error;
  }
}

/** The rows of the part with what was decided of them. @throws DataError when there are more or fewer. */
async function* decidedRows({
  source,
  part,
  decisions,
  decisionsFolder,
  signal,
  onProgress,
}: EncodePartInput): AsyncGenerator<{ row: Row; verdict: number }> {
  const { firstRow, rows: totalRows } = decisions.parts[part.index]!;
  const verdicts = await readFile(join(decisionsFolder, verdictsFile(part.index)));
  let rows = 0;
  for await (const row of readPart(source, part, { onBadRow: () => undefined })) {
    if (rows >= totalRows) throw changed(source);
    const verdict = verdicts[rows]!;
    rows++;
    if (rows % ROWS_PER_TURN === 0) {
      signal?.throwIfAborted();
      onProgress?.({ rows, totalRows });
      await setImmediate();
    }
    yield { row: { ...row, number: firstRow + rows }, verdict };
  }
  if (rows !== totalRows) throw changed(source);
  onProgress?.({ rows, totalRows });
}

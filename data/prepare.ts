/** All stages of preparing one source on this machine, one part after the other (docs/adr/0012-data-in-parts.md). */
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job } from '../job/schema.js';
import { workAhead } from './ahead.js';
import type { ByteSource } from './byte-source.js';
import { hasBadRows, writeBadRows } from './write-bad-rows.js';
import type { EncoderInput } from './encode/encoder-for.js';
import type { DatasetManifest } from './manifest.js';
import { assembleManifest, type SourceFileDigest } from './prepare/assemble.js';
import { cutParts, type CutOptions } from './prepare/cut.js';
import { decideDataset } from './prepare/decide.js';
import type { Decisions } from './prepare/decisions-file.js';
import { encodePart, type EncodedPart } from './prepare/encode.js';
import type { PartSize } from './prepare/part-size.js';
import { fileOf, filesOf, type SourceFiles, type SourcePart } from './prepare/parts.js';
import type { PlacedFile } from './prepare/row-places.js';
import { comparesSource, surveyPart, type SurveyPartInput } from './prepare/survey.js';
import type { SourceFormat } from './readers/read-rows.js';

export interface DecideSourceInput {
  readonly source: ByteSource;
  /** Told by the source's name when left out; `images` for what packImages wrote. */
  readonly format?: SourceFormat;
  readonly job: Job;
  readonly partSize?: PartSize;
  /** Left out: parts are surveyed here, one after the other. */
  readonly surveyor?: Surveyor;
  readonly onLooked?: CutOptions['onProgress'];
  readonly signal?: AbortSignal;
}

/** Surveys parts as surveyPart does, several at once. */
export interface Surveyor {
  readonly atOnce: number;
  survey(task: Pick<SurveyPartInput, 'part' | 'job' | 'compares' | 'out'>): Promise<unknown>;
}

export interface PrepareInput extends EncoderInput, DecideSourceInput {
  /** See AssembleInput. */
  readonly sourceFiles?: readonly SourceFileDigest[];
  /** Rows of a shard, at most. */
  readonly shardRows?: number;
  /** Made when absent; shards of the same name are replaced. */
  readonly outFolder: string;
  readonly onProgress?: (progress: { readonly rows: number; readonly totalRows: number }) => void;
}

/**
 * What would become of the rows of a source; nothing is tokenised or scaled. Images are decoded.
 * @throws DataError with the first thing that is wrong with the source.
 */
export async function decideSource(input: DecideSourceInput): Promise<Decisions> {
  const folder = await mkdtemp(join(tmpdir(), 'temper-survey-'));
  try {
    return (await surveyAndDecide(input, folder)).decisions;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Reads, cleans and splits a source, tokenises, decodes or scales it, and writes Arrow shards (shard-columns.ts), rows of a
 * split in the order of the source. The same source, job, tokenizer and image size give the same bytes.
 * @throws DataError with the first thing that is wrong with the source.
 */
export async function prepareDataset(input: PrepareInput): Promise<DatasetManifest> {
  const { job, tokenizer, imageSize, shardRows, outFolder, onProgress, signal } = input;
  const folder = join(outFolder, 'on-the-way');
  try {
    const { source, parts, decisions, decisionsFolder } = await surveyAndDecide(input, folder);
    const encoded: EncodedPart[] = [];
    const partFolder = (part: number): string => join(folder, `part-${part}`);
    for (const part of parts) {
      const before = decisions.parts[part.index]!.firstRow;
      encoded.push(
        await encodePart({
          ...{ source, part, job, decisions, decisionsFolder, shardRows, signal },
          ...(tokenizer && { tokenizer }),
          ...(imageSize !== undefined && { imageSize }),
          outFolder: partFolder(part.index),
          onProgress: ({ rows }) => onProgress?.({ rows: before + rows, totalRows: decisions.rowsRead }),
        }),
      );
    }
    const { manifest, sources } = assembleManifest({ ...input, parts, decisions, encoded });
    for (const [index, { part, name }] of sources.entries())
      await rename(join(partFolder(part), name), join(outFolder, manifest.files[index]!.name));
    if (hasBadRows(manifest)) await writeBadRows(outFolder, decisions);
    return manifest;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function surveyAndDecide(input: DecideSourceInput, folder: string) {
  const { job, partSize, signal, onLooked } = input;
  const source = filesOf(input.source, input.format);
  const compares = comparesSource(
    job,
    source.files.map((file) => file.source),
  );
  const parts: SourcePart[] = [];
  const surveys: string[] = [];
  const { atOnce, survey }: Surveyor = input.surveyor ?? {
    atOnce: 1,
    survey: (task) => surveyPart({ source, ...task, signal }),
  };
  const found = cutParts(source, { signal, onProgress: onLooked, ...(partSize && { size: partSize }) });
  // A part is surveyed as soon as it is found: what is wrong with the first rows is told before the last are read.
  const surveyed = workAhead(found, atOnce, async (part) => {
    const out = join(folder, `survey-${part.index}`);
    await survey({ part, job, compares, out });
    return { part, out };
  });
  for await (const { part, out } of surveyed) {
    parts.push(part);
    surveys.push(out);
  }
  const decisionsFolder = join(folder, 'decisions');
  await mkdir(decisionsFolder, { recursive: true });
  const files = parts.map((part) => placedFile(source, part));
  const decide = { surveys, files, job, sourceName: source.name, outFolder: decisionsFolder, signal };
  const decisions = await decideDataset(decide);
  return { source, parts, decisions, decisionsFolder };
}

const placedFile = (source: SourceFiles, part: SourcePart): PlacedFile => {
  const { source: file, format } = fileOf(source, part);
  return { name: file.name, format };
};

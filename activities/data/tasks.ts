/** What the data worker's threads do: the stages over files of this machine (data/prepare/). */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MANIFEST_FILE } from '../../data/manifest.js';
import { assembleManifest, type SourceFileDigest } from '../../data/prepare/assemble.js';
import { cutParts } from '../../data/prepare/cut.js';
import { decideDataset, type DecideInput } from '../../data/prepare/decide.js';
import { readDecisions } from '../../data/prepare/decisions-file.js';
import { encodePart, type EncodedPart } from '../../data/prepare/encode.js';
import type { PartSize } from '../../data/prepare/part-size.js';
import type { PartedFile, SourceFiles, SourcePart } from '../../data/prepare/parts.js';
import { surveyPart } from '../../data/prepare/survey.js';
import { hasBadRows, writeBadRows } from '../../data/write-bad-rows.js';
import { openTokenizer, type TextTokenizer } from '../../data/tokenize.js';
import type { Job } from '../../job/schema.js';
import { headOf, isCutByBytes, type FileHead } from './file-head.js';
import { openWindow, type FileWindow } from './file-window.js';
import type { TaskContext } from './task-context.js';

/** A file of a source, with what the list of files says of it. */
export interface TaskFile {
  readonly window: FileWindow;
  readonly format: PartedFile['format'];
  readonly fields?: PartedFile['fields'];
}

export interface CutTask {
  readonly sourceName: string;
  readonly file: TaskFile;
  readonly partSize: PartSize | null;
}

export interface CutFile {
  readonly parts: readonly SourcePart[];
  /** null: a part cannot be read without the whole file. */
  readonly head: FileHead | null;
}

interface PartTask {
  readonly sourceName: string;
  /** The one that the part is of. */
  readonly file: TaskFile;
  readonly part: SourcePart;
  readonly job: Job;
  readonly outFolder: string;
}

type DecideTask = Pick<DecideInput, 'surveys' | 'files' | 'job' | 'sourceName' | 'outFolder'>;

interface WithModel {
  /** Of tasks on text: the model's folder, for its tokenizer. */
  readonly modelFolder: string | null;
  readonly imageSize: number | null;
}

interface SurveyTask extends PartTask {
  readonly compares: boolean;
}

export interface EncodeTask extends PartTask, WithModel {
  readonly decisionsFolder: string;
  readonly shardRows: number | null;
}

export interface AssembleTask extends WithModel {
  readonly job: Job;
  readonly parts: readonly SourcePart[];
  readonly decisionsFolder: string;
  readonly encoded: readonly EncodedPart[];
  readonly tokenizerSha256: string | null;
  readonly sourceFiles: readonly SourceFileDigest[];
  readonly outFolder: string;
}

export const dataTasks = {
  /** Parts of one file, numbered by themselves. */
  async cut({ sourceName, file, partSize }: CutTask, { onProgress }: TaskContext): Promise<CutFile> {
    const parts: SourcePart[] = [];
    const source = sourceOf({ sourceName, file });
    const onBytes = ({ bytes, totalBytes }: { bytes: number; totalBytes: number }): void =>
      onProgress({ done: bytes, total: totalBytes });
    for await (const part of cutParts(source, { ...(partSize && { size: partSize }), onProgress: onBytes }))
      parts.push(part);
    const { here } = file.window;
    const byBytes = here.kind === 'whole' && isCutByBytes(file.format);
    return { parts, head: byBytes ? await headOf(here.path, source.files[0]!) : null };
  },

  async survey(
    { sourceName, file, part, job, compares, outFolder }: SurveyTask,
    { onProgress }: TaskContext,
  ): Promise<void> {
    const source = sourceOf({ sourceName, file });
    const onRows = ({ rows }: { rows: number }): void => onProgress({ done: rows, total: null });
    await surveyPart({ source, part: { ...part, file: 0 }, job, compares, out: outFolder, onProgress: onRows });
  },

  async decide(task: DecideTask): Promise<void> {
    await decideDataset(task);
  },

  async encode(task: EncodeTask, { onProgress }: TaskContext): Promise<EncodedPart> {
    const { part, job, decisionsFolder, shardRows, outFolder } = task;
    return encodePart({
      ...{ source: sourceOf(task), part: { ...part, file: 0 }, job, decisionsFolder, outFolder },
      ...(await encoderInput(task)),
      decisions: await readDecisions(decisionsFolder),
      ...(shardRows !== null && { shardRows }),
      onProgress: ({ rows, totalRows }) => onProgress({ done: rows, total: totalRows }),
    });
  },

  /** The manifest, and beside it the rows that could not be read, where there were any. Where a file of it comes from is what its SHA-256 says. */
  async assemble(task: AssembleTask): Promise<void> {
    const { job, parts, encoded, tokenizerSha256, sourceFiles, outFolder } = task;
    const decisions = await readDecisions(task.decisionsFolder);
    const { manifest } = assembleManifest({
      ...{ job, parts, decisions, encoded, tokenizerSha256, sourceFiles },
      ...(await encoderInput(task)),
    });
    if (hasBadRows(manifest)) await writeBadRows(outFolder, decisions);
    await writeFile(join(outFolder, MANIFEST_FILE), `${JSON.stringify(manifest)}\n`);
  },
};

/** As if the source had this one file alone. */
const sourceOf = ({ sourceName, file }: Pick<PartTask, 'sourceName' | 'file'>): SourceFiles => {
  const { window, format, fields } = file;
  return { name: sourceName, files: [{ source: openWindow(window), format, ...(fields && { fields }) }] };
};

async function encoderInput({ job, modelFolder, imageSize }: WithModel & { readonly job: Job }) {
  return {
    job,
    ...(modelFolder !== null && { tokenizer: await tokenizerOf(modelFolder, job.data.maxLength) }),
    ...(imageSize !== null && { imageSize }),
  };
}

/** The last one of this thread: it takes longer to load than a small part to encode. */
let loaded: { readonly key: string; readonly tokenizer: Promise<TextTokenizer> } | null = null;

/** Folders of models are named by their content. */
function tokenizerOf(modelFolder: string, maxLength: number): Promise<TextTokenizer> {
  const key = join(modelFolder, String(maxLength));
  if (loaded?.key !== key) loaded = { key, tokenizer: openTokenizer(modelFolder, maxLength) };
  return loaded.tokenizer;
}

/** What each stage's output is found by: a digest of all that it is a function of, and of nothing else. */
import { createHash } from 'node:crypto';
import { datasetSpec } from '../../data/dataset-spec.js';
import { stepVersions } from '../../data/prepare/assemble.js';
import type { Decisions } from '../../data/prepare/decisions-file.js';
import { comparesSource } from '../../data/prepare/survey.js';
import type { PartSize } from '../../data/prepare/part-size.js';
import type { SourcePart } from '../../data/prepare/parts.js';
import type { Job } from '../../job/schema.js';
import type { ModelRef, Sha256 } from '../../workflows/contract.js';
import type { StoredSourceFile } from '../source/stored.js';
import type { DataPlan } from './plan.js';

const digestOf = (...what: readonly unknown[]): Sha256 =>
  createHash('sha256').update(JSON.stringify(what)).digest('hex') as Sha256;

export const cutDigest = ({ sha256, format }: StoredSourceFile, partSize: PartSize | null): Sha256 =>
  digestOf('cut', stepVersions.cut, sha256, format, partSize);

/** What of a job its rows are read and judged by: not how they are encoded. */
function rowSpec(job: Job): Readonly<Record<string, unknown>> {
  const { maxLength: _, ...spec } = datasetSpec(job, null);
  return spec;
}

/** The bytes of a part and where it begins: rows are told of by their lines. */
function partSpec({ files }: DataPlan, { file, sha256, headSha256, firstLine, index }: SourcePart) {
  const { format, fields } = files[file]!;
  return [format, fields ?? null, sha256, headSha256, firstLine, index === 0];
}

export function surveyDigest(plan: DataPlan, part: SourcePart): Sha256 {
  const { job } = plan.context;
  const compares = comparesSource(job, plan.files);
  return digestOf('survey', stepVersions.survey, rowSpec(job), compares, partSpec(plan, part));
}

export function decisionsDigest(plan: DataPlan): Sha256 {
  const { clean, split } = stepVersions;
  const surveys = plan.parts.map((part) => surveyDigest(plan, part));
  return digestOf('decide', clean, split, rowSpec(plan.context.job), surveys);
}

/** What is decided of files as they are, before they are cut; rows are told of by the names of their files. */
export const wholeDigest = (job: Job, name: string, files: readonly Omit<StoredSourceFile, 'key'>[]): Sha256 =>
  digestOf(
    ...['whole', stepVersions, rowSpec(job), name],
    ...files.map(({ name, format, fields, sha256 }) => [name, format, fields ?? null, sha256]),
  );

/** Of the decisions only what the part's rows are a function of: others may change without it. */
export function encodedDigest(plan: DataPlan, decisions: Decisions, part: SourcePart): Sha256 {
  const { context, imageSize, shardRows } = plan;
  const { job, model } = context;
  const { labels, aliases, transform, parts } = decisions;
  return digestOf(
    ...['encode', stepVersions.encode, datasetSpec(job, imageSize), tokenizerFiles(model), shardRows],
    ...[partSpec(plan, part), parts[part.index], labels, aliases, transform],
  );
}

export const tokenizerFiles = ({ files }: ModelRef): readonly (readonly [string, Sha256])[] =>
  files.filter(({ name }) => name.startsWith('tokenizer')).map(({ name, sha256 }) => [name, sha256] as const);

/** SHA-256 of the tokenizer alone, for whoever compares it with a file of theirs; null where the model has none. */
export const tokenizerSha256 = ({ files }: ModelRef): Sha256 | null =>
  files.find(({ name }) => name === 'tokenizer.json')?.sha256 ?? null;

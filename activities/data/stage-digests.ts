/** What each stage's output is found by: a digest of all that it is a function of, and of nothing else. */
import { createHash } from 'node:crypto';
import { datasetSpec } from '../../data/dataset-spec.js';
import { stepVersions } from '../../data/prepare/assemble.js';
import type { Decisions } from '../../data/prepare/decisions-file.js';
import type { PartSize } from '../../data/prepare/part-size.js';
import { contentOf, type SourcePart } from '../../data/prepare/parts.js';
import type { Job } from '../../job/schema.js';
import type { DataContext, ModelRef, Sha256 } from '../../workflows/contract.js';
import type { DataPlan } from './plan.js';

const digestOf = (...what: readonly unknown[]): Sha256 =>
  createHash('sha256').update(JSON.stringify(what)).digest('hex') as Sha256;

export const cutDigest = ({ source }: DataContext, partSize: PartSize | null): Sha256 =>
  digestOf('cut', stepVersions.cut, source.file.sha256, source.format, partSize);

/** What of a job its rows are read and judged by: not how they are encoded. */
function rowSpec(job: Job): Readonly<Record<string, unknown>> {
  const { maxLength: _, ...spec } = datasetSpec(job, null);
  return spec;
}

/** The bytes of a part and where it begins: rows are told of by their lines. */
const partSpec = (part: SourcePart) => [contentOf(part), part.firstLine, part.index === 0];

export const surveyDigest = ({ context: { job, source } }: DataPlan, part: SourcePart): Sha256 =>
  digestOf('survey', stepVersions.survey, source.format, rowSpec(job), partSpec(part));

export function decisionsDigest(plan: DataPlan): Sha256 {
  const { clean, split } = stepVersions;
  const surveys = plan.parts.map((part) => surveyDigest(plan, part));
  return digestOf('decide', clean, split, rowSpec(plan.context.job), surveys);
}

/** Of the decisions only what the part's rows are a function of: others may change without it. */
export function encodedDigest(plan: DataPlan, decisions: Decisions, part: SourcePart): Sha256 {
  const { context, imageSize, shardRows } = plan;
  const { job, source, model } = context;
  const { labels, transform, parts } = decisions;
  return digestOf(
    ...['encode', stepVersions.encode, source.format, datasetSpec(job, imageSize), tokenizerFiles(model), shardRows],
    ...[partSpec(part), parts[part.index], labels, transform],
  );
}

export const tokenizerFiles = ({ files }: ModelRef): readonly (readonly [string, Sha256])[] =>
  files.filter(({ name }) => name.startsWith('tokenizer')).map(({ name, sha256 }) => [name, sha256] as const);

/** SHA-256 of the tokenizer alone, for whoever compares it with a file of theirs; null where the model has none. */
export const tokenizerSha256 = ({ files }: ModelRef): Sha256 | null =>
  files.find(({ name }) => name === 'tokenizer.json')?.sha256 ?? null;

import type { Job } from '../../job/schema.js';
import { marginOf } from '../augment/image-augmenter.js';
import { firstOf } from '../bad-rows.js';
import { addCounts, type EncodedCounts } from '../encode/encoder.js';
import { hasTypes, type EncoderInput } from '../encode/encoder-for.js';
import { textCleaningOf } from '../cleaning/text.js';
import { widthOf } from '../features/transform.js';
import type { DatasetManifest, ManifestPart, Provenance } from '../manifest.js';
import { bySplit, splits } from '../split.js';
import { kindOf, targetOf } from '../targets.js';
import { cleaningReport } from './cleaning-report.js';
import type { Decisions } from './decisions-file.js';
import type { EncodedPart } from './encode.js';
import type { SourcePart } from './parts.js';

/** To be raised when a step would make something else of the same input. */
export const stepVersions = { cut: 1, survey: 4, clean: 1, split: 1, encode: 1 } as const;

export interface AssembleInput extends EncoderInput {
  readonly parts: readonly Pick<SourcePart, 'sha256'>[];
  readonly decisions: Decisions;
  /** Of all parts, in their order. */
  readonly encoded: readonly EncodedPart[];
  /** SHA-256 that names the tokenizer; null where there is none, or it is not known. */
  readonly tokenizerSha256?: string | null;
  /** The source's files as they are stored; left out: they are stored nowhere. */
  readonly sourceFiles?: readonly SourceFileDigest[];
}

export interface SourceFileDigest {
  readonly sha256: string;
  readonly bytes: number;
  readonly format: string;
}

export interface Assembled {
  readonly manifest: DatasetManifest;
  /** Where each of the manifest's files comes from: the same file, by its part and its name there. */
  readonly sources: readonly { readonly part: number; readonly name: string }[];
}

/**
 * The manifest of a prepared data set. Its files are those of the parts, the splits one after the other, numbered through:
 * `train-00000.arrow`, `train-00001.arrow`, …
 */
export function assembleManifest(input: AssembleInput): Assembled {
  const { job, decisions, encoded } = input;
  const files: DatasetManifest['files'] = [];
  const sources: { part: number; name: string }[] = [];
  for (const split of splits) {
    let number = 0;
    for (const [part, made] of encoded.entries()) {
      for (const file of made.files) {
        if (file.split !== split) continue;
        files.push({ ...file, name: `${split}-${String(number++).padStart(5, '0')}.arrow` });
        sources.push({ part, name: file.name });
      }
    }
  }
  const counts = encoded.reduce<EncodedCounts>((sum, made) => addCounts(sum, made.counts), {});
  const rows = splits.map((_, split) => encoded.reduce((sum, made) => sum + made.rows[split]!, 0));
  const manifest: DatasetManifest = {
    format: 'temper-dataset/3',
    task: job.task,
    target: targetOf(job),
    labels: decisions.labels,
    rows: bySplit(rows),
    rowsPerClass: bySplit(decisions.rowsPerClass),
    cleaning: { rowsRead: decisions.rowsRead, ...cleaningReport(decisions.dropped) },
    badRows: { count: decisions.badRows.count, first: firstOf(decisions.badRows) },
    aliases: decisions.aliases,
    leakage: decisions.leakage,
    files,
    columns: encoded[0]?.columns ?? {},
    provenance: provenanceOf(input),
    ...describeKind(input, counts),
  };
  return { manifest, sources };
}

function describeKind({ job, decisions, tokenizer, imageSize }: AssembleInput, counts: EncodedCounts): ManifestPart {
  const perSplit = (name: string) => bySplit(splits.map((_, split) => counts[name]?.[split]?.[0] ?? 0));
  switch (kindOf(job)) {
    case 'tokens': {
      const given = needed(tokenizer);
      const textCleaning = textCleaningOf(job.data);
      return {
        kind: 'tokens',
        ...(textCleaning && { textCleaning }),
        maxLength: given.maxLength,
        pairs: hasTypes(job, given),
        lengths: bySplit(splits.map((_, split) => counts['lengths']?.[split] ?? [])),
        cut: perSplit('cut'),
        texts: perSplit('texts'),
      };
    }
    case 'images': {
      const size = needed(imageSize);
      const margin = marginOf(job, size);
      const { count, first } = decisions.unreadable;
      return { kind: 'images', size, ...(margin > 0 && { margin }), unreadable: { count, first } };
    }
    case 'features': {
      const transform = needed(decisions.transform);
      const values = decisions.values && bySplit(decisions.values);
      return { kind: 'features', width: widthOf(transform), transform, unseen: perSplit('unseen'), values };
    }
  }
}

function provenanceOf({ job, parts, decisions, tokenizerSha256, sourceFiles }: AssembleInput): Provenance {
  return {
    cut: {
      version: stepVersions.cut,
      parts: parts.map(({ sha256 }, part) => ({ sha256, rows: decisions.parts[part]!.rows })),
      ...(sourceFiles && { files: sourceFiles.map(({ sha256, bytes, format }) => ({ sha256, bytes, format })) }),
    },
    survey: { version: stepVersions.survey, columns: decisions.columns, rows: decisions.rowsRead },
    clean: { version: stepVersions.clean, dropped: decisions.dropped, settings: { ...job.data.clean } },
    split: { version: stepVersions.split, by: splitOf(job), seed: job.seed },
    encode: { version: stepVersions.encode, tokenizer: tokenizerSha256 ?? null },
  };
}

const splitOf = ({ data }: Job): Record<string, unknown> => ({ ...data.split });

function needed<T>(value: T | null | undefined): T {
  if (value === undefined || value === null) throw new Error('assembleManifest: what this task needs was not given');
  return value;
}

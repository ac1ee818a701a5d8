import type { Job } from '../../job/schema.js';
import { fileSource } from '../byte-source.js';
import { readTokenizerFiles } from '../load-tokenizer.js';
import { kindOf } from '../targets.js';
import { openTokenizer } from '../tokenize.js';
import type { AugmentSettings } from './image-augmenter.js';
import { synonymRules } from './synonym-rules.js';
import { LINES_FORMAT, readSynonymTable } from './synonym-table.js';
import { noMask, tokenizerRules } from './token-rules.js';
import type { TokenRules } from './tokens.js';

/** All that augmentation is a function of besides the rows and the draws: plain data, which any thread can be sent. */
export interface AugmentPlan {
  readonly settings: AugmentSettings;
  /** Of tokens; null for other data. */
  readonly rules: TokenRules | null;
}

/** A plan, and words of the table of synonyms that are of no use to it. */
export type AugmentPlanReport = AugmentPlan & { readonly unknownWords: readonly string[] };

/**
 * What a job does to its training rows; undefined: nothing. The folder is the model's, with its tokenizer; `synonyms` is the file
 * of its table, as synonymLines wrote it. @throws DataError where the tokenizer lacks what it takes.
 */
export async function augmentPlan(
  job: Job,
  modelFolder: string,
  synonyms: string | null = null,
): Promise<AugmentPlanReport | undefined> {
  const { augment: settings, maxLength } = job.data;
  if (settings === undefined || Object.keys(settings).length === 0) return undefined;
  if (kindOf(job) !== 'tokens') return { settings, rules: null, unknownWords: [] };
  const files = await readTokenizerFiles(modelFolder);
  const { unknown, ...rules } = tokenizerRules(files);
  if (settings.masking && rules.mask === null) throw noMask();
  if (settings.synonyms === undefined) return { settings, rules, unknownWords: [] };
  if (synonyms === null) throw new Error('data.augment.synonyms: expected the table beside the job, found none');
  const table = await readSynonymTable(await fileSource(synonyms), LINES_FORMAT);
  const foreign = new Set([...rules.special, ...(unknown === null ? [] : [unknown])]);
  const tokenised = synonymRules(table, await openTokenizer(files, maxLength), files, foreign);
  return { settings, rules: { ...rules, synonyms: tokenised.rules }, unknownWords: tokenised.unknown };
}

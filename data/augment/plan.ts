import type { Job } from '../../job/schema.js';
import { readTokenizerFiles } from '../load-tokenizer.js';
import { kindOf } from '../targets.js';
import type { AugmentSettings } from './image-augmenter.js';
import { tokenRulesOf } from './token-rules.js';
import type { TokenRules } from './tokens.js';

/** All that augmentation is a function of besides the rows and the draws: plain data, which any thread can be sent. */
export interface AugmentPlan {
  readonly settings: AugmentSettings;
  /** Of tokens; null for other data. */
  readonly rules: TokenRules | null;
}

/** What a job does to its training rows; undefined: nothing. The folder is the model's, with its tokenizer. */
export async function augmentPlan(job: Job, modelFolder: string): Promise<AugmentPlan | undefined> {
  const { augment: settings } = job.data;
  if (settings === undefined || Object.keys(settings).length === 0) return undefined;
  return { settings, rules: kindOf(job) === 'tokens' ? tokenRulesOf(await readTokenizerFiles(modelFolder)) : null };
}

import type { Job } from '../../job/schema.js';
import { marginOf } from '../augment/image-augmenter.js';
import type { FeatureTransform } from '../features/transform.js';
import type { Decisions } from '../prepare/decide.js';
import { withAliases } from '../prepare/merge-labels.js';
import { targetOf, type Target } from '../targets.js';
import type { TextTokenizer } from '../tokenize.js';
import { blockEncoder } from './blocks.js';
import type { Encoder } from './encoder.js';
import { featureEncoder } from './features.js';
import { imageEncoder } from './images.js';
import { tokenEncoder } from './tokens.js';

export interface EncoderInput {
  readonly job: Job;
  /** Of tasks on text. */
  readonly tokenizer?: TextTokenizer;
  /** Of image tasks: pixels of a side, data.imageSize or the model's. */
  readonly imageSize?: number;
}

/** The encoder of a job's task; `fit` learns how the columns of a table become inputs. */
export async function encoderFor(
  { job, tokenizer, imageSize }: EncoderInput,
  plan: Decisions,
  fit: () => Promise<FeatureTransform>,
): Promise<Encoder> {
  const labels = withAliases(
    new Map(plan.labels.map((label, index) => [label, index])),
    new Map(Object.entries(plan.aliases)),
  );
  const target = targetOf(job);
  switch (job.task) {
    case 'text-classification': {
      const given = needed(tokenizer, 'a tokenizer');
      const hasTypes = job.data.textPair !== undefined && given.encodePair('a', 'b').types !== null;
      return tokenEncoder(given, classTarget(target), labels, hasTypes);
    }
    case 'token-classification':
      return tokenEncoder(needed(tokenizer, 'a tokenizer'), 'tags', labels, false);
    case 'causal-lm':
      return blockEncoder(needed(tokenizer, 'a tokenizer'));
    case 'image-classification': {
      const size = needed(imageSize, 'an image size');
      return imageEncoder({ size, margin: marginOf(job, size) }, classTarget(target), labels, plan.unreadable);
    }
    case 'tabular-classification':
      return featureEncoder(await fit(), classTarget(target), labels, null);
    case 'tabular-regression':
      return featureEncoder(await fit(), 'value', labels, plan.values);
  }
}

function classTarget(target: Target): 'class' | 'classes' {
  if (target === 'class' || target === 'classes') return target;
  throw new Error(`expected a task on classes, found one on ${target}`);
}

function needed<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`prepareDataset: this task needs ${what}`);
  return value;
}

import type { Job } from '../../job/schema.js';
import { marginOf } from '../augment/image-augmenter.js';
import type { FeatureTransform } from '../features/transform.js';
import type { Decisions } from '../prepare/decisions-file.js';
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

/** The encoder of a job's task. */
export function encoderFor(
  { job, tokenizer, imageSize }: EncoderInput,
  decisions: Pick<Decisions, 'labels' | 'aliases' | 'transform'>,
): Encoder {
  const labels = withAliases(
    new Map(decisions.labels.map((label, index) => [label, index])),
    new Map(Object.entries(decisions.aliases)),
  );
  const target = targetOf(job);
  switch (job.task) {
    case 'text-classification': {
      const given = needed(tokenizer, 'a tokenizer');
      return tokenEncoder(given, classTarget(target), labels, hasTypes(job, given));
    }
    case 'token-classification':
      return tokenEncoder(needed(tokenizer, 'a tokenizer'), 'tags', labels, false);
    case 'causal-lm':
      return blockEncoder(needed(tokenizer, 'a tokenizer'));
    case 'image-classification': {
      const size = needed(imageSize, 'an image size');
      return imageEncoder({ size, margin: marginOf(job, size) }, classTarget(target), labels);
    }
    case 'tabular-classification':
      return featureEncoder(fitted(decisions), classTarget(target), labels);
    case 'tabular-regression':
      return featureEncoder(fitted(decisions), 'value', labels);
  }
}

/** Whether the tokens of a pair's two texts are told apart. */
export const hasTypes = (job: Job, tokenizer: TextTokenizer): boolean =>
  job.task === 'text-classification' &&
  job.data.textPair !== undefined &&
  tokenizer.encodePair('a', 'b').types !== null;

function fitted({ transform }: Pick<Decisions, 'transform'>): FeatureTransform {
  if (transform === null) throw new Error('no transform was fitted to the table');
  return transform;
}

function classTarget(target: Target): 'class' | 'classes' {
  if (target === 'class' || target === 'classes') return target;
  throw new Error(`expected a task on classes, found one on ${target}`);
}

function needed<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`prepareDataset: this task needs ${what}`);
  return value;
}

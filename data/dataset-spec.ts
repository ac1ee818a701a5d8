import { marginOf } from './augment/image-augmenter.js';
import { maxShareOf } from './bad-rows.js';
import type { Job } from '../job/schema.js';
import { targetOf } from './targets.js';

/** Changes when prepared data would differ for the same input. */
export const PREPARATION = 'temper-preprocess/3';

/** Changes when an image's pixels would differ. 2: they are Pillow's to the byte, where images are not very large. */
const DECODING = 2;

/**
 * Everything of a job that prepared data are a function of, besides the bytes of the source and of the tokenizer: two jobs
 * of equal specs share a data set. `imageSize` is data.imageSize or the model's; it counts for images only.
 */
export function datasetSpec(job: Job, imageSize: number | null): Readonly<Record<string, unknown>> {
  const { data, task } = job;
  const { clean, split, label, multiLabel, maxLength } = data;
  const common = {
    preparation: PREPARATION,
    task,
    target: targetOf(job),
    clean,
    ...(maxShareOf(data) !== 0.01 && { badRows: maxShareOf(data) }),
    split,
    ...(data.leakage && { leakage: data.leakage }),
    seed: 'column' in split ? null : job.seed,
  };
  switch (task) {
    case 'text-classification':
      return { ...common, text: data.text, textPair: data.textPair ?? null, label, multiLabel, maxLength };
    case 'token-classification':
      return { ...common, words: data.words, label, maxLength };
    case 'causal-lm':
      return { ...common, text: data.text, maxLength };
    case 'image-classification':
      return { ...common, decoding: DECODING, image: data.image, label, imageSize, ...marginFor(job, imageSize) };
    case 'tabular-classification':
    case 'tabular-regression':
      return { ...common, features: data.features ?? null, scale: data.scale, label };
  }
}

/** Augmentation happens while training, but a crop needs more of an image than evaluation sees. */
function marginFor(job: Job, imageSize: number | null): { readonly margin?: number } {
  const margin = imageSize === null ? 0 : marginOf(job, imageSize);
  return margin === 0 ? {} : { margin };
}

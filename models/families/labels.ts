import type { Job } from '../../job/schema.js';

export type ProblemType = 'regression' | 'multi_label_classification' | 'single_label_classification';

/** What an output is, in Hugging Face's words. */
export function problemType({ task, train, data }: Job): ProblemType {
  const loss = typeof train.loss === 'string' ? train.loss : train.loss.name;
  if (task === 'tabular-regression' || ['mse', 'mae', 'huber'].includes(loss)) return 'regression';
  return data.multiLabel ? 'multi_label_classification' : 'single_label_classification';
}

/** Numbers that a head gives: one a label, 1 for a number to predict, 0 where the base itself gives the scores. */
export function outputsOf(job: Job, labels: readonly string[]): number {
  if (job.task === 'causal-lm') return 0;
  return problemType(job) === 'regression' ? 1 : labels.length;
}

/** What the outputs of a head are called: its labels, or the column whose number it predicts. */
export function outputNames(job: Job, labels: readonly string[]) {
  const names = problemType(job) === 'regression' ? [job.data.label] : labels;
  return {
    id2label: Object.fromEntries(names.map((label, i) => [String(i), label])),
    label2id: Object.fromEntries(names.map((label, i) => [label, i])),
  };
}

/**
 * The keys of a published config.json that every family has: the class that loads it, and the labels where Hugging Face's
 * tools look for them. What the base's file said of another head is left out; weights are always published as float32.
 */
export function publishedConfig(
  config: Readonly<Record<string, unknown>>,
  architecture: string,
  job: Job,
  labels: readonly string[],
): Record<string, unknown> {
  const { problem_type: _, num_labels: __, torch_dtype: ___, dtype: ____, ...kept } = config;
  const kind = problemType(job);
  return {
    ...kept,
    dtype: 'float32',
    architectures: [architecture],
    ...outputNames(job, labels),
    ...(kind === 'single_label_classification' ? {} : { problem_type: kind }),
  };
}

/** Keys of config.json that say what a head was made for. */
const headKeys = ['architectures', 'problem_type', 'classifier_pooling', 'id2label'] as const;

/** Whether a file's head is the one that this job would publish: of the same kind, for the same labels in the same order. */
export const saysSameHead = (
  file: Readonly<Record<string, unknown>>,
  published: Readonly<Record<string, unknown>>,
): boolean => headKeys.every((key) => headWord(file[key]) === headWord(published[key]));

const headWord = (value: unknown): string =>
  value === undefined || value === null || value === 'single_label_classification' ? 'usual' : JSON.stringify(value);

/** What a config.json of Temper's own families says of its head: its labels, and its kind where that is not one class of many. */
export function headWords(job: Job, labels: readonly string[]): Record<string, unknown> {
  const kind = problemType(job);
  if (kind === 'regression') return { problem_type: kind };
  return { ...labelWords(labels), ...(kind === 'multi_label_classification' && { problem_type: kind }) };
}

export const labelWords = (labels: readonly string[]) => ({
  id2label: Object.fromEntries(labels.map((label, i) => [String(i), label])),
  label2id: Object.fromEntries(labels.map((label, i) => [label, i])),
});

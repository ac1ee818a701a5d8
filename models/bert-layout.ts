import type { Job } from '../job/schema.js';
import { bert } from './families/bert.js';
import { bertLayer, encoderTensors, linear, type EncoderConfig } from './families/encoder-layout.js';
import type { NameMapping } from './families/family.js';
import type { TensorSpec } from './tensor-spec.js';

export const bertTensors = (config: EncoderConfig): TensorSpec[] => encoderTensors(config, bertLayer, false);
export const headTensors = (config: EncoderConfig, classes: number): TensorSpec[] =>
  linear('head', config.hiddenSize, classes);

/** As a job of mean pooling reads the names, its head left out. */
export function mapBertNames(names: Iterable<string>): NameMapping {
  const job = { task: 'text-classification', pooling: 'mean' } as Job;
  const { inFile, ignored } = bert.mapNames(names, undefined as never, job);
  const isHead = ([ours]: [string, string]) => ours.startsWith('head.');
  const heads = [...inFile].filter(isHead).map(([, theirs]) => theirs);
  return { inFile: new Map([...inFile].filter((entry) => !isHead(entry))), ignored: [...ignored, ...heads].sort() };
}

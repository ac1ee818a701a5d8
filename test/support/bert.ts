/** BERT's family in the words that many tests use. */
import { parseObject } from '../../models/config-file.js';
import { bert } from '../../models/families/bert.js';
import { bertLayer, encoderTensors, linear, type EncoderConfig } from '../../models/families/encoder-layout.js';
import type { NameMapping } from '../../models/families/family.js';
import type { TensorSpec } from '../../models/tensor-spec.js';
import { parseJob } from '../../job/parse.js';

const job = parseJob('{ name: a, task: text-classification, model: minilm-l6, data: { source: a.csv } }', 'job.yaml');

export const parseBertConfig = (text: string, fileName = 'config.json'): EncoderConfig =>
  bert.parse(parseObject(text, fileName), fileName);
export const bertTensors = (config: EncoderConfig): TensorSpec[] => encoderTensors(config, bertLayer, false);
export const headTensors = (config: EncoderConfig, classes: number): TensorSpec[] =>
  linear('head', config.hiddenSize, classes);

/** As a job of mean pooling reads the names, its head left out. */
export function mapBertNames(names: Iterable<string>): NameMapping {
  const { inFile, ignored } = bert.mapNames(names, undefined as never, job);
  const isHead = ([ours]: [string, string]) => ours.startsWith('head.');
  const heads = [...inFile].filter(isHead).map(([, theirs]) => theirs);
  return { inFile: new Map([...inFile].filter((entry) => !isHead(entry))), ignored: [...ignored, ...heads].sort() };
}

import { stat } from 'node:fs/promises';
import { DataError } from '../../data/data-error.js';
import { fileSource, memorySource, type ByteSource } from '../../data/byte-source.js';
import { formatOf, readRows } from '../../data/readers/read-rows.js';
import type { PredictInput } from '../../engine/protocol.js';
import type { Job } from '../../job/schema.js';
import { CliError } from '../../infra/errors.js';
import { readTexts } from './texts.js';

export interface GivenInputs {
  /** Arguments of the command. */
  readonly given: readonly string[];
  readonly file: string | null;
}

/** What to predict for, read as the job's task reads its data. @throws CliError for what cannot be read so. */
export async function predictInputs(job: Job, { given, file }: GivenInputs): Promise<PredictInput[]> {
  switch (job.task) {
    case 'image-classification':
      return imagesOf(job, given, file);
    case 'tabular-classification':
    case 'tabular-regression':
      return rowsOf(given, file, (fields) => ({ kind: 'row', cells: fields }));
    case 'token-classification':
      if (file?.endsWith('.jsonl')) return rowsOf(given, file, (fields, place) => wordsOf(job, fields, place));
      return (await textsOf(job, given, file)).map((text) => ({ kind: 'words', words: text.trim().split(/\s+/) }));
    case 'text-classification':
      if (job.data.textPair !== undefined) return pairsOf(job, job.data.textPair, given, file);
      return (await textsOf(job, given, file)).map((text) => ({ kind: 'text', text, pair: null }));
    case 'causal-lm':
      return (await textsOf(job, given, file)).map((text) => ({ kind: 'text', text, pair: null }));
  }
}

const textsOf = (job: Job, given: readonly string[], file: string | null): Promise<string[]> =>
  readTexts({ texts: given, file, column: job.data.text });

async function imagesOf(job: Job, given: readonly string[], file: string | null): Promise<PredictInput[]> {
  const paths =
    given.length > 0 || file === null
      ? given
      : await textsOf({ ...job, data: { ...job.data, text: job.data.image } }, given, file);
  if (paths.length === 0) throw new CliError('Give the paths of images, or --file with one a line.');
  for (const path of paths) {
    if (!(await stat(path).catch(() => null))?.isFile()) throw new CliError(`There is no image file ${path}.`);
  }
  return paths.map((path) => ({ kind: 'image', path }));
}

async function pairsOf(
  job: Job,
  second: string,
  given: readonly string[],
  file: string | null,
): Promise<PredictInput[]> {
  if (file === null) {
    if (given.length === 2) return [{ kind: 'text', text: given[0]!, pair: given[1]! }];
    throw new CliError('The model judges pairs of texts: give two texts, or --file with rows.');
  }
  return rowsOf(given, file, (fields, place) => {
    const [text, pair] = [fields[job.data.text], fields[second]];
    if (typeof text === 'string' && typeof pair === 'string') return { kind: 'text', text, pair };
    throw new CliError(`${place}: expected texts in "${job.data.text}" and "${second}".`);
  });
}

function wordsOf(job: Job, fields: Readonly<Record<string, unknown>>, place: string): PredictInput {
  const words = fields[job.data.words];
  if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return { kind: 'words', words };
  throw new CliError(`${place}: expected a list of words in "${job.data.words}".`);
}

type ToInput = (fields: Readonly<Record<string, unknown>>, place: string) => PredictInput;

async function rowsOf(given: readonly string[], file: string | null, toInput: ToInput): Promise<PredictInput[]> {
  if (given.length > 0 && file !== null) throw new CliError('Give either rows or --file, not both.');
  if (given.length === 0 && file === null) {
    throw new CliError('Give --file with rows (csv, tsv, jsonl), or a row as JSON: \'{"column": 1}\'.');
  }
  try {
    const source: ByteSource =
      file === null ? memorySource('row.jsonl', given.join('\n')) : await fileSource(file, file);
    const inputs: PredictInput[] = [];
    for await (const { fields, line } of readRows(source, formatOf(source.name))) {
      inputs.push(toInput(fields, `${source.name}:${line}`));
    }
    return inputs;
  } catch (error) {
    if (error instanceof DataError) throw new CliError(error.message, undefined, { cause: error });
    throw error;
  }
}

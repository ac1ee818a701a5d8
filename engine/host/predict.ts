/** What the model says of new inputs, by task. */
import { readFile } from 'node:fs/promises';
import { cleanText } from '../../data/cleaning/text.js';
import { decodeImage, UnreadableImage } from '../../data/images.js';
import { requireFeatureColumns } from '../../data/features/require-columns.js';
import { featureVector } from '../../data/features/transform.js';
import type { TokensManifest } from '../../data/manifest.js';
import { openTokenizer, type TextTokenizer } from '../../data/tokenize.js';
import type { Lists } from '../../data/shards.js';
import { DataError } from '../../data/data-error.js';
import type { Examples } from '../../training/examples/examples.js';
import { featureExamples } from '../../training/examples/feature-examples.js';
import { pixelExamples, type PixelScale } from '../../training/examples/image-examples.js';
import { blankTargets, type RowTargets } from '../../training/examples/row-targets.js';
import { tokenExamples } from '../../training/examples/token-examples.js';
import { argmax, sigmoid, softmax } from '../../training/metrics/scores.js';
import type { Prediction, PredictInput, PredictRequest } from '../protocol.js';
import { generateTexts } from './generate.js';
import type { Loaded } from './workbench.js';

export async function predict(loaded: Loaded, { inputs, generation }: PredictRequest): Promise<Prediction[]> {
  const { job, dataset, trainer } = loaded;
  if (job.task === 'causal-lm') return generateTexts(loaded, inputs, generation);
  const { examples, firstPieces } = await examplesOf(loaded, inputs);
  trainer.prepareFor(examples);
  const predictions = new Array<Prediction>(inputs.length);
  for (const { example, outputs } of trainer.evaluate(examples)) {
    predictions[example] = said(outputs, dataset, firstPieces[example]);
  }
  return predictions;
}

/** An example's outputs in words. */
export function said(
  outputs: Float32Array,
  { target, labels }: Loaded['dataset'],
  firstPieces?: ArrayLike<number>,
): Prediction {
  const named = (scores: ArrayLike<number>) => Object.fromEntries(labels.map((label, i) => [label, scores[i]!]));
  switch (target) {
    case 'class': {
      const scores = softmax(outputs);
      return { kind: 'class', label: labels[argmax(scores)]!, scores: named(scores) };
    }
    case 'classes': {
      const scores = Array.from(outputs, sigmoid);
      return { kind: 'classes', labels: labels.filter((_, i) => scores[i]! >= 0.5), scores: named(scores) };
    }
    case 'tags': {
      const tagAt = (place: number) =>
        labels[argmax(outputs.subarray(place * labels.length, (place + 1) * labels.length))]!;
      return { kind: 'tags', tags: Array.from(firstPieces!, (place) => (place === -1 ? null : tagAt(place))) };
    }
    case 'value':
      return { kind: 'value', value: outputs[0]! };
    case 'next':
      throw new Error('a language model generates');
  }
}

type Prepared = Pick<Loaded, 'dataset' | 'modelFolder'> & { readonly scale?: PixelScale | undefined };

interface Encoded {
  readonly examples: Examples;
  /** Where the first piece of each word stands, of inputs that are words. */
  readonly firstPieces: readonly ArrayLike<number>[];
}

/** Inputs as the data of the training was prepared. @throws DataError for inputs of another kind, an image that cannot be read, a column that is not there. */
export async function examplesOf(
  { dataset, modelFolder, scale }: Prepared,
  inputs: readonly PredictInput[],
): Promise<Encoded> {
  const { target, labels } = dataset;
  const blank = (): RowTargets => {
    if (target === 'tags' || target === 'next') throw new Error(`examples of ${target} have no targets of rows`);
    return blankTargets(target, inputs.length, labels.length);
  };
  switch (dataset.kind) {
    case 'tokens': {
      const tokenizer = await openTokenizer(modelFolder, dataset.maxLength);
      const encoded = inputs.map((input) => encode(tokenizer, cleaned(input, dataset), dataset.pairs));
      const tokens = listsOf(encoded.map(({ ids }) => ids));
      const types = dataset.pairs ? listsOf(encoded.map(({ types }) => types!)).values : null;
      const targets =
        target === 'tags' ? { kind: 'tags' as const, tags: new Int32Array(tokens.values.length) } : blank();
      const examples = tokenExamples({ tokens, types, targets, maxLength: dataset.maxLength });
      return { examples, firstPieces: encoded.map(({ firstPieces }) => firstPieces) };
    }
    case 'images': {
      const pixels: Uint8Array[] = [];
      for (const input of inputs) pixels.push(await pixelsOf(input, dataset.size));
      return {
        examples: pixelExamples({ pixels, size: dataset.size, scale: scale!, targets: blank() }),
        firstPieces: [],
      };
    }
    case 'features': {
      const features = new Float32Array(inputs.length * dataset.width);
      const rows = inputs.map(cellsOf);
      requireFeatureColumns(dataset.transform, rows);
      rows.forEach((cells, row) => {
        const { values } = featureVector(dataset.transform, cells, `row ${row + 1}`);
        features.set(values, row * dataset.width);
      });
      return { examples: featureExamples({ features, width: dataset.width, targets: blank() }), firstPieces: [] };
    }
  }
}

/** A text as those of the training were cleaned. */
export function cleaned(input: PredictInput, { textCleaning }: Pick<TokensManifest, 'textCleaning'>): PredictInput {
  if (!textCleaning) return input;
  const of = (text: string): string => cleanText(text, textCleaning);
  if (input.kind === 'words') return { ...input, words: input.words.map(of) };
  if (input.kind === 'text')
    return { ...input, text: of(input.text), pair: input.pair === null ? null : of(input.pair) };
  return input;
}

function encode(tokenizer: TextTokenizer, input: PredictInput, pairs: boolean) {
  if (input.kind === 'words') {
    const { ids, firstPieces } = tokenizer.encodeWords(input.words);
    return { ids, firstPieces, types: null };
  }
  if (input.kind !== 'text') throw new DataError(`expected texts, found ${input.kind}`);
  if (input.pair === null) return { ids: tokenizer.encode(input.text), firstPieces: [], types: null };
  const { ids, types } = tokenizer.encodePair(input.text, input.pair);
  return { ids, types: pairs ? types : null, firstPieces: [] };
}

async function pixelsOf(input: PredictInput, size: number): Promise<Uint8Array> {
  if (input.kind !== 'image') throw new DataError(`expected images, found ${input.kind}`);
  try {
    return await decodeImage(await readFile(input.path), size);
  } catch (error) {
    throw error instanceof UnreadableImage ? new DataError(`${input.path}: ${error.message}`) : error;
  }
}

function cellsOf(input: PredictInput): Readonly<Record<string, unknown>> {
  if (input.kind !== 'row') throw new DataError(`expected rows of a table, found ${input.kind}`);
  return input.cells;
}

function listsOf(rows: readonly Int32Array[]): Lists {
  const offsets = new Int32Array(rows.length + 1);
  rows.forEach((row, i) => (offsets[i + 1] = offsets[i]! + row.length));
  const values = new Int32Array(offsets.at(-1)!);
  rows.forEach((row, i) => values.set(row, offsets[i]));
  return { values, offsets };
}

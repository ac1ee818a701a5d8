import { nearest, quotedList } from '../job/nearest.js';
import type { Job } from '../job/schema.js';
import { ModelError } from './model-error.js';

/** A base model that a job can name. Where its files come from is infra's business. */
export interface CatalogueEntry {
  readonly name: string;
  readonly title: string;
  readonly family: string;
  readonly tasks: readonly Job['task'][];
  readonly languages: readonly string[];
  /** Of the encoder, without the pooler. */
  readonly parameters: number;
  /** Of text models: tokens of an input at most. */
  readonly maxTokens?: number;
  /** Of image models: pixels of a side that it was trained on. */
  readonly imageSize?: number;
  readonly licence: string;
  /** What it is good for, and what not. */
  readonly fit: string;
  readonly benchmarks: readonly Benchmark[];
}

export interface Benchmark {
  readonly dataset: string;
  readonly metric: string;
  readonly value: number;
  /** How the figure was had. */
  readonly setting: string;
}

export const catalogue: readonly CatalogueEntry[] = [
  {
    name: 'minilm-l6',
    title: 'all-MiniLM-L6-v2',
    family: 'bert',
    tasks: ['text-classification', 'token-classification'],
    languages: ['en'],
    parameters: 22_565_376,
    maxTokens: 512,
    licence: 'Apache-2.0',
    fit: 'Short English texts on a CPU: a sentence encoder, six layers, an epoch of 8,400 glosses in about a minute on 4 cores. Not for other languages.',
    benchmarks: [
      {
        dataset: 'WordNet glosses, 21 topics, 400 + 200 each',
        metric: 'test accuracy',
        value: 0.821,
        setting: 'PyTorch, all weights, 2 epochs, AdamW 1e-4, batch 32, 32 tokens',
      },
      {
        dataset: 'WordNet glosses, 21 topics, 400 + 200 each',
        metric: 'test accuracy',
        value: 0.684,
        setting: 'linear probe of the mean-pooled vectors',
      },
    ],
  },
  {
    name: 'mobilenet-v2',
    title: 'MobileNetV2 1.0, 224 pixels (nsfwjs)',
    family: 'mobilenet-v2',
    tasks: ['image-classification'],
    languages: [],
    parameters: 2_223_872,
    imageSize: 224,
    licence: 'MIT',
    fit: 'Photographs and drawings on a CPU: an ImageNet backbone that was fine-tuned on both, with 8-bit weights. With the base frozen an epoch costs a second; unfreeze the last blocks for the rest.',
    benchmarks: [],
  },
  {
    name: 'mlp',
    title: 'multi-layer perceptron',
    family: 'mlp',
    tasks: ['tabular-classification', 'tabular-regression'],
    languages: [],
    parameters: 0,
    licence: 'yours',
    fit: 'Tables of numbers and categories; not pre-trained, its shape is job.mlp. Scale the numbers (data.scale).',
    benchmarks: [],
  },
];

/** @throws ModelError naming the nearest known model. */
export function catalogueEntry(name: string): CatalogueEntry {
  const entry = catalogue.find((candidate) => candidate.name === name);
  if (entry !== undefined) return entry;
  const names = catalogue.map((candidate) => candidate.name);
  const near = nearest(name, names);
  const advice = near === null ? `known are ${quotedList(names)}` : `did you mean \`${near}\`?`;
  throw new ModelError(
    `model: no model is called \`${name}\`, ${advice}; a folder of your own is named \`file:FOLDER\``,
  );
}

import { nearest, quotedList } from '../job/nearest.js';
import type { Job } from '../job/schema.js';
import { ModelError } from './model-error.js';

/** A base model that a job can name. Where its files come from is infra's business. */
export interface CatalogueEntry {
  readonly name: string;
  readonly title: string;
  readonly family: 'bert';
  readonly tasks: readonly Job['task'][];
  readonly languages: readonly string[];
  /** Of the encoder, without the pooler. */
  readonly parameters: number;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly maxTokens: number;
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
    tasks: ['text-classification'],
    languages: ['en'],
    parameters: 22_565_376,
    hiddenSize: 384,
    layers: 6,
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

/**
 * A small convolutional network for training from random weights, such as LeCun's for digits (1998) with today's parts:
 * convolutions of 3x3 with ReLU and max pooling of 2x2, then one hidden layer. Its config.json is ours:
 * `{ "model_type": "temper-cnn", "imageSize": 28, "channels": 1, "filters": [32, 64], "hidden": 128 }`.
 */
import { z } from 'zod';
import { ModelError } from '../model-error.js';
import type { TensorSpec } from '../tensor-spec.js';
import { mapFileNames } from './file-names.js';
import { heStd, parseImageConfig, whole } from './image-config.js';
import { normalisationOf, symmetric, type ImageFamily } from './image-family.js';

const schema = z.object({
  model_type: z.literal('temper-cnn'),
  imageSize: whole.default(28),
  channels: z.union([z.literal(1), z.literal(3)], '1 (grey) or 3 (colours)').default(3),
  filters: z.array(whole, 'a list of whole numbers').min(1, 'at least one').default([32, 64]),
  hidden: whole.default(128),
});

export interface CnnConfig {
  readonly imageSize: number;
  readonly channels: 1 | 3;
  /** Of each convolution. */
  readonly filters: readonly number[];
  readonly hidden: number;
}

function parse(config: Readonly<Record<string, unknown>>, fileName: string): CnnConfig {
  const { imageSize, channels, filters, hidden } = parseImageConfig(schema, config, fileName);
  const smallest = 2 ** filters.length;
  if (imageSize < smallest) {
    throw new ModelError(
      `${fileName}: expected an imageSize of at least ${smallest}, as each of ${filters.length} filters halves it, found ${imageSize}`,
    );
  }
  return { imageSize, channels, filters, hidden };
}

/** Height and width after all convolutions; an odd pixel is dropped by each pooling. */
const reduced = (size: number, { filters }: CnnConfig): number => filters.reduce((n) => Math.floor(n / 2), size);

function tensors(config: CnnConfig, imageSize = config.imageSize): readonly TensorSpec[] {
  const { channels, filters, hidden } = config;
  const flat = reduced(imageSize, config) ** 2 * filters.at(-1)!;
  return [
    ...filters.flatMap((outputs, i) => [
      { name: `convolutions.${i}.weight`, shape: [3, 3, i === 0 ? channels : filters[i - 1]!, outputs] },
      { name: `convolutions.${i}.bias`, shape: [outputs] },
    ]),
    { name: 'hidden.weight', shape: [hidden, flat] },
    { name: 'hidden.bias', shape: [hidden] },
  ];
}

export const cnn: ImageFamily<CnnConfig> = {
  name: 'cnn',
  stillBase: true,
  tasks: ['image-classification'],
  reads: (config) => config['model_type'] === 'temper-cnn',
  parse,
  tensors: (config, job) => tensors(config, job.data.imageSize),
  head: (config, _job, outputs) => [
    { name: 'head.weight', shape: [outputs, config.hidden] },
    { name: 'head.bias', shape: [outputs] },
  ],
  mapNames: (names) => mapFileNames(names, (name) => (name.startsWith('head.') ? [] : [name])),
  blocks: (config) => config.filters.length,
  blockOf: (name, config) => {
    const block = /^convolutions\.(\d+)\./.exec(name)?.[1];
    return block === undefined ? config.filters.length : Number(block);
  },
  adapterTargets: ['hidden\\.weight'],
  imageSize: (config) => config.imageSize,
  imageChannels: (config) => config.channels,
  imageNormalisation: (_config, preprocessor) => normalisationOf(symmetric, preprocessor),
  initializerRange: () => 0.05,
  convert: () => null,
  shapeOf: (_name, shape) => shape,
  unconvert: () => null,
  initialValues: (_name, shape) => {
    if (shape.length === 1) return { constant: 0 };
    const [height, width, inputs] = shape.length === 4 ? (shape as [number, number, number]) : [1, 1, shape[1]!];
    return { std: heStd(height * width * inputs) };
  },
  publish: (config, parsed, job, labels) => ({
    config: { ...config, imageSize: job.data.imageSize ?? parsed.imageSize, labels },
    nameInFile: (name) => name,
  }),
};

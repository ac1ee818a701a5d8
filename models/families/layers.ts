/** A Keras model of the user's own, once it is imported (models/keras/import.ts): the layer graph is its configuration. */
import { z } from 'zod';
import { LAYERS_MODEL_TYPE, type LayersConfig } from '../keras/import.js';
import { ModelError } from '../model-error.js';
import type { TensorSpec } from '../tensor-spec.js';
import type { Family, NameMapping } from './family.js';
import { outputNames } from './labels.js';

const size = z.int().positive();
const layer = z.object({ class_name: z.string(), config: z.record(z.string(), z.unknown()) }).loose();
const configSchema = z.object({
  model_type: z.literal(LAYERS_MODEL_TYPE),
  topology: layer,
  input: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('pixels'), height: size.nullable(), width: size.nullable(), channels: size }),
    z.object({ kind: z.literal('features'), width: size }),
    z.object({ kind: z.literal('ids'), length: size.nullable() }),
  ]),
  tensors: z.array(
    z.object({
      name: z.string(),
      shape: z.array(size),
      kind: z.enum(['weight', 'statistic']).optional(),
      initial: z.enum(['zeros', 'ones']).optional(),
    }),
  ),
  last: z.string(),
  width: size,
  originalHead: z.object({ layer: z.string(), outputs: size }).nullable(),
});

/** A block begins with each layer that has a matrix or a filter; the normalisation after it is in its block. */
function blocksByTensor(config: LayersConfig): ReadonlyMap<string, number> {
  const layerOf = (name: string) => name.slice(0, name.lastIndexOf('.'));
  const opens = new Set(config.tensors.filter(({ shape }) => shape.length > 1).map(({ name }) => layerOf(name)));
  let block = -1;
  let current = '';
  return new Map(
    config.tensors.map(({ name }) => {
      const layer = layerOf(name);
      if (layer !== current && opens.has(layer)) block += 1;
      current = layer;
      return [name, block];
    }),
  );
}

/** @throws ModelError for images that are not square. */
function imageSizeOf({ input }: LayersConfig): number {
  if (input.kind !== 'pixels') throw new ModelError(`model: expected a model of images, found one of ${input.kind}`);
  if (input.height !== input.width) {
    throw new ModelError(`model: expected square images, found ${input.height} x ${input.width}`);
  }
  return input.height ?? 224;
}

const maxLengthOf = ({ input }: LayersConfig): number =>
  input.kind === 'ids' ? (input.length ?? Number.MAX_SAFE_INTEGER) : 1;

const vocabularyOf = ({ tensors }: LayersConfig): number =>
  tensors.find(({ name }) => name.endsWith('.embeddings'))?.shape[0] ?? 0;

export const layers: Family<LayersConfig> = {
  name: 'layers',
  tasks: ['image-classification', 'tabular-classification', 'tabular-regression', 'text-classification'],
  reads: (config) => config['model_type'] === LAYERS_MODEL_TYPE,
  parse(config, fileName) {
    const parsed = configSchema.safeParse(config);
    if (parsed.success) return parsed.data as LayersConfig;
    const { path, message } = parsed.error.issues[0]!;
    throw new ModelError(`${fileName}: ${path.join('.')}: ${message}: import the Keras model again`);
  },
  tensors: ({ tensors }) => tensors,
  head: ({ width }, _job, outputs): TensorSpec[] => [
    { name: 'head.weight', shape: [outputs, width], initial: Math.sqrt(1 / width) },
    { name: 'head.bias', shape: [outputs], initial: 'zeros' },
  ],
  mapNames(names, { tensors }): NameMapping {
    const ours = new Set([...tensors.map(({ name }) => name), 'head.weight', 'head.bias']);
    const all = [...names];
    return {
      inFile: new Map(all.filter((name) => ours.has(name)).map((name) => [name, name])),
      ignored: all.filter((name) => !ours.has(name)).sort(),
    };
  },
  blocks: (config) => Math.max(0, ...blocksByTensor(config).values()) + 1,
  blockOf: (name, config) => blocksByTensor(config).get(name) ?? -1,
  adapterTargets: [], // kernels are (in, out), or of four axes
  initializerRange: () => 0.05,
  imageSize: imageSizeOf,
  maxLength: maxLengthOf,
  vocabularySize: vocabularyOf,
  publish: (_config, parsed, job, labels) => ({
    config: {
      ...parsed,
      ...outputNames(job, labels),
    },
    nameInFile: (name) => name,
  }),
};

/** A Keras model of the user's own, once it is imported (models/keras/import.ts): the layer graph is its configuration. */
import { z } from 'zod';
import { quotedList } from '../../job/nearest.js';
import type { Job, Task } from '../../job/schema.js';
import { LAYERS_MODEL_TYPE, type LayersConfig } from '../keras/import.js';
import { allLayers } from '../keras/topology.js';
import { ModelError } from '../model-error.js';
import { elementsOf } from '../safetensors-header.js';
import type { TensorSpec } from '../tensor-spec.js';
import type { Family, InitialValues, NameMapping } from './family.js';
import { heStd } from './image-config.js';
import { normalisationOf } from './image-family.js';
import { headWords } from './labels.js';

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

const reads = {
  pixels: { what: 'images', tasks: ['image-classification'] },
  features: { what: 'a table', tasks: ['tabular-classification', 'tabular-regression'] },
  ids: { what: 'token ids', tasks: ['text-classification'] },
} as const satisfies Record<LayersConfig['input']['kind'], { what: string; tasks: readonly Task[] }>;

/** A size that the model leaves open. */
const OPEN_SIZE = 224;

/** @throws ModelError for another kind of input, and images of another size, shape or colour than the model's. */
function checkJob({ input }: LayersConfig, { task, data }: Job): void {
  const { what, tasks } = reads[input.kind];
  if (!tasks.some((known) => known === task)) {
    const found = `\`${task}\`: choose another model or task`;
    throw new ModelError(
      `task: expected ${quotedList(tasks, 'or')} of a Keras model that reads ${what}, found ${found}`,
    );
  }
  if (input.kind !== 'pixels') return;
  const { height, width, channels } = input;
  if (height !== width) throw new ModelError(`model: expected square images, found ${height} x ${width}`);
  if (channels !== 3 && channels !== 1) {
    throw new ModelError(`model: expected images of 3 channels (red, green, blue) or 1 (grey), found ${channels}`);
  }
  if (height === null || data.imageSize === undefined || data.imageSize === height) return;
  throw new ModelError(
    `data.imageSize: expected ${height}, which the model's input layer fixes, found ${data.imageSize}: leave it out`,
  );
}

/** A model that begins with a Rescaling layer wants bytes as they are, 0 to 255. */
function imageNormalisation({ topology }: LayersConfig, preprocessor?: Readonly<Record<string, unknown>>) {
  const first = allLayers(topology).find(({ class_name }) => class_name !== 'InputLayer');
  const std = first?.class_name === 'Rescaling' ? 1 / 255 : 1;
  return normalisationOf({ mean: [0, 0, 0], std: [std, std, std] }, preprocessor);
}

/** He et al. (2015) for kernels, whose last axis is the output; embeddings are small. */
function initialValues(name: string, shape: readonly number[], { tensors }: LayersConfig): InitialValues {
  const { initial } = tensors.find((tensor) => tensor.name === name) ?? {};
  if (initial !== undefined)
    return typeof initial === 'number' ? { std: initial } : { constant: initial === 'ones' ? 1 : 0 };
  if (name.endsWith('.embeddings')) return { std: 0.05 };
  return { std: heStd(elementsOf(shape.slice(0, -1))) };
}

const maxLengthOf = ({ input }: LayersConfig): number =>
  (input.kind === 'ids' ? input.length : null) ?? Number.MAX_SAFE_INTEGER;

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
  checkJob,
  forData(config, { width }) {
    if (config.input.kind !== 'features' || config.input.width === width) return config;
    throw new ModelError(
      `model: expected ${config.input.width} inputs, as its input layer has, found ${width} in the data: see data.features`,
    );
  },
  initialValues,
  imageSize: ({ input }) => (input.kind === 'pixels' ? input.height : null) ?? OPEN_SIZE,
  imageChannels: ({ input }) => (input.kind === 'pixels' ? input.channels : 3),
  imageNormalisation,
  maxLength: maxLengthOf,
  vocabularySize: vocabularyOf,
  publish: (_config, parsed, job, labels) => ({
    config: { ...parsed, ...headWords(job, labels) },
    nameInFile: (name) => name,
  }),
};

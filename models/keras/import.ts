/**
 * Takes a Keras model of the user's own into the form that every family has: config.json and model.safetensors. It is done once,
 * when the job is submitted, so that storage, engine and checkpoints know one kind of model folder.
 */
import { copyFile, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '../model-error.js';
import { writeSafetensors } from '../safetensors.js';
import type { TensorSpec } from '../tensor-spec.js';
import { readKerasArchive, readKerasH5 } from './archive.js';
import { baseOf, inputOf, type LayersInput } from './analyse.js';
import { checkLayers, weightsOf } from './classes.js';
import { headWordsOf } from './head.js';
import { normalizeTopology } from './normalize.js';
import { readTfjsFolder, type LayersFile } from './tfjs-folder.js';
import { allLayers, nameOf, type LayerJson } from './topology.js';

export const LAYERS_MODEL_TYPE = 'temper-layers';

/** config.json of an imported model. */
export interface LayersConfig {
  readonly model_type: typeof LAYERS_MODEL_TYPE;
  readonly topology: LayerJson;
  readonly input: LayersInput;
  /** Tensors of the base in the order of the layers; `kernel` of the layer `conv1` is `conv1.kernel`. */
  readonly tensors: readonly TensorSpec[];
  /** The layer whose output, or its mean over height and width, is the features. */
  readonly last: string;
  readonly width: number;
  /** The Dense layer that is `head.weight` (out, in) and `head.bias` in the file; null where the model ends with its features. */
  readonly originalHead: { readonly layer: string; readonly outputs: number } | null;
}

/** Whether `folder`, or the file, holds a Keras model: model.json of TensorFlow.js, or a `.keras` or `.h5` file. */
export async function findLayersModel(place: string): Promise<string | null> {
  if (!(await stat(place)).isDirectory()) return /\.(?:keras|h5|hdf5)$/.test(place) ? place : null;
  const names = await readdir(place);
  if (names.includes('config.json')) return null;
  if (names.includes('model.json')) return join(place, 'model.json');
  const found = names.filter((name) => /\.(?:keras|h5|hdf5)$/.test(name));
  if (found.length > 1) throw new ModelError(`${place}: expected one model, found ${found.join(', ')}: name the file`);
  return found[0] === undefined ? null : join(place, found[0]);
}

/**
 * Reads `path` (model.json, .keras, .h5) and writes config.json and model.safetensors into the folder `into`.
 * @throws ModelError when it is no Keras model, or one that cannot be trained here: every layer is named.
 */
export async function importLayersModel(path: string, into: string): Promise<LayersConfig> {
  const read = path.endsWith('.json') ? readTfjsFolder : path.endsWith('.keras') ? readKerasArchive : readKerasH5;
  const file = await read(path);
  checkLayers(file.topology, path);
  const { config, weights } = layersConfig(file, path);
  await mkdir(into, { recursive: true });
  const words = config.originalHead && (await headWordsOf(config.topology, config.originalHead, path));
  await writeFile(join(into, 'config.json'), `${JSON.stringify({ ...config, ...words })}\n`);
  await writeSafetensors(
    join(into, 'model.safetensors'),
    Array.from(weights, ([name, { shape, values }]) => ({
      name,
      dtype: 'F32' as const,
      shape,
      bytes: bytesOf(values),
    })),
  );
  for (const name of ['tokenizer.json', 'tokenizer_config.json', 'preprocessor_config.json']) {
    await copyFile(join(path, '..', name), join(into, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
  return config;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** A base tensor's name: `conv1/kernel` is `conv1.kernel`; names that begin with `head.` belong to the new head. */
export const tensorName = (layer: string, weight: string): string =>
  `${layer === 'head' || layer.startsWith('head.') ? 'base.' : ''}${layer}.${weight}`;

interface Stored {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

function layersConfig({ topology, tensors }: LayersFile, where: string) {
  const model = normalizeTopology(topology);
  const stored = (weight: string): Stored | undefined => tensors.get(weight);
  const base = baseOf(model, (weight) => stored(weight)?.shape, where);
  const weights = new Map<string, Stored>();
  const specs: TensorSpec[] = [];
  for (const layer of allLayers(model)) {
    for (const weight of weightsOf(layer)) {
      const found = stored(`${nameOf(layer)}/${weight}`);
      if (!found) throw new ModelError(`${where}: has no weights ${nameOf(layer)}/${weight}`);
      if (nameOf(layer) === base.replaced) continue;
      const name = tensorName(nameOf(layer), weight);
      if (weights.has(name)) throw new ModelError(`${where}: two layers are called ${nameOf(layer)}: rename one`);
      weights.set(name, found);
      specs.push({ name, shape: found.shape, ...kindOf(weight) });
    }
  }
  const head = base.replaced === null ? null : headOf(base.replaced, stored);
  for (const [name, tensor] of head?.tensors ?? []) weights.set(name, tensor);
  const config: LayersConfig = {
    model_type: LAYERS_MODEL_TYPE,
    topology: model,
    input: inputOf(model, where),
    tensors: specs,
    last: base.last,
    width: base.width,
    originalHead: head && { layer: base.replaced!, outputs: head.outputs },
  };
  return { config, weights };
}

const kindOf = (weight: string): Pick<TensorSpec, 'kind' | 'initial'> => {
  if (weight.startsWith('moving_')) return { kind: 'statistic', initial: weight === 'moving_mean' ? 'zeros' : 'ones' };
  if (weight === 'gamma') return { initial: 'ones' };
  return weight === 'bias' || weight === 'beta' ? { initial: 'zeros' } : {};
};

/** A Dense layer's kernel (in, out) as a head's weight (out, in). */
function headOf(layer: string, stored: (weight: string) => Stored | undefined) {
  const kernel = stored(`${layer}/kernel`)!;
  const [inputs, outputs] = kernel.shape as [number, number];
  const values = Float32Array.from(
    kernel.values,
    (_, i) => kernel.values[(i % inputs) * outputs + Math.floor(i / inputs)]!,
  );
  const bias = stored(`${layer}/bias`)?.values ?? new Float32Array(outputs);
  return {
    outputs,
    tensors: [
      ['head.weight', { shape: [outputs, inputs], values }],
      ['head.bias', { shape: [outputs], values: bias }],
    ] as const,
  };
}

/**
 * Models that Keras itself saved. `.keras` is a zip of config.json and model.weights.h5, where a layer's weights are
 * numbered and the layers go by their class (`layers/conv2d_1/vars/0`, for the second Conv2D); `.h5` has the layer graph as an attribute and weights by layer name.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelError } from '../model-error.js';
import { checkLayers, weightsOf } from './classes.js';
import { parseJson, type LayersFile } from './tfjs-folder.js';
import { allLayers, isModel, layersOf, nameOf, parseTopology, type LayerJson } from './topology.js';

interface StoredTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** An HDF5 file as far as a Keras model needs it. */
interface WeightFile {
  /** @throws ModelError where there is no such dataset of floats. */
  tensor(path: string): StoredTensor;
  /** An attribute of the file, or of a group. */
  attribute(path: string, name: string): unknown;
  close(): void;
}

/** @throws ModelError when it is no model of Keras, or has layers that cannot be trained here. */
export async function readKerasArchive(path: string): Promise<LayersFile> {
  const { unzipSync, strFromU8 } = await import('fflate');
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(await readFile(path));
  } catch (error) {
    throw new ModelError(`${path}: expected a model that Keras saved (a zip file): ${(error as Error).message}`);
  }
  const [config, weights] = [entries['config.json'], entries['model.weights.h5']];
  if (!config || !weights) {
    throw new ModelError(
      `${path}: expected config.json and model.weights.h5 in it, found ${Object.keys(entries).join(', ')}`,
    );
  }
  const topology = parseTopology(parseJson(strFromU8(config), `${path}: config.json`), path);
  checkLayers(topology, path);
  const folder = await mkdtemp(join(tmpdir(), 'temper-keras-'));
  try {
    await writeFile(join(folder, 'model.weights.h5'), weights);
    const file = await openHdf5(join(folder, 'model.weights.h5'), path);
    try {
      return { topology, tensors: new Map(numberedWeights(file, topology, '')) };
    } finally {
      file.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @throws ModelError when it is no whole model of Keras, or has layers that cannot be trained here. */
export async function readKerasH5(path: string): Promise<LayersFile> {
  const file = await openHdf5(path, path);
  try {
    const config = file.attribute('/', 'model_config');
    if (typeof config !== 'string') {
      throw new ModelError(`${path}: it holds weights without a layer graph: save the whole model (model.save)`);
    }
    const topology = parseTopology(parseJson(config, `${path}: model_config`), path);
    checkLayers(topology, path);
    return { topology, tensors: new Map(namedWeights(file, topology, path)) };
  } finally {
    file.close();
  }
}

type Named = [name: string, tensor: StoredTensor];

function numberedWeights(file: WeightFile, model: LayerJson, group: string): Named[] {
  const used = new Map<string, number>();
  return layersOf(model).flatMap((layer): Named[] => {
    const word = snakeCase(layer.class_name);
    const count = used.get(word) ?? 0;
    used.set(word, count + 1);
    const place = `${group}layers/${word}${count === 0 ? '' : `_${count}`}`;
    if (isModel(layer)) return numberedWeights(file, layer, `${place}/`);
    return weightsOf(layer).map((weight, i): Named => [
      `${nameOf(layer)}/${weight}`,
      file.tensor(`${place}/vars/${i}`),
    ]);
  });
}

/** As Keras makes a class's name into a key. */
const snakeCase = (name: string): string =>
  name
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();

/** A layer's weights are listed in Keras's order; those of an inner model are listed together, each with its layer's name. */
function namedWeights(file: WeightFile, model: LayerJson, path: string): Named[] {
  const stored = new Map<string, string[]>();
  for (const layer of layersOf(model)) {
    const group = `model_weights/${nameOf(layer)}`;
    // A Sequential's input layer has no group.
    for (const weight of (file.attribute(group, 'weight_names') ?? []) as string[]) {
      const owner = isModel(layer) ? weight.split('/').at(-2)! : nameOf(layer);
      stored.set(owner, [...(stored.get(owner) ?? []), `${group}/${weight}`]);
    }
  }
  return allLayers(model).flatMap((layer) => {
    const [found, expected] = [stored.get(nameOf(layer)) ?? [], weightsOf(layer)];
    if (found.length !== expected.length) {
      const list = (names: readonly string[]) => names.join(', ') || 'none';
      throw new ModelError(
        `${path}: ${nameOf(layer)} (${layer.class_name}): expected weights ${list(expected)}, found ${list(found)}`,
      );
    }
    return expected.map((weight, i): Named => [`${nameOf(layer)}/${weight}`, file.tensor(found[i]!)]);
  });
}

async function openHdf5(path: string, where: string): Promise<WeightFile> {
  const { Dataset, File, Group, ready } = await import('h5wasm/node');
  await ready;
  const file = openOrExplain(() => new File(path, 'r'), where);
  return {
    tensor(place) {
      const found = file.get(place);
      const shape = found instanceof Dataset ? found.shape : null;
      const values = found instanceof Dataset ? found.value : null;
      if (!shape || !ArrayBuffer.isView(values)) {
        throw new ModelError(`${where}: expected weights at ${place}, found none`);
      }
      return { shape, values: Float32Array.from(values as Float32Array) };
    },
    attribute(place, name) {
      const found = place === '/' ? file : file.get(place);
      return found instanceof Group ? (found.attrs[name]?.value ?? null) : null;
    },
    close: () => void file.close(),
  };
}

function openOrExplain<File>(open: () => File, where: string): File {
  try {
    return open();
  } catch (error) {
    throw new ModelError(`${where}: expected an HDF5 file: ${(error as Error).message}`);
  }
}

/** The layer graph of a Keras model as TensorFlow.js writes it: JSON, keys in snake case. */
import { z } from 'zod';
import { ModelError } from '../model-error.js';

const record = z.record(z.string(), z.unknown());
const layerSchema = z.object({ class_name: z.string(), config: record }).loose();

/** A layer, or a whole model (class Sequential, Functional or Model), which may be a layer of another. */
export interface LayerJson {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly name?: string;
  readonly inbound_nodes?: unknown;
}

export const isModel = ({ class_name }: LayerJson): boolean =>
  ['Sequential', 'Functional', 'Model'].includes(class_name);
export const nameOf = ({ config, name }: LayerJson): string => String(config['name'] ?? name);

/** @throws ModelError when this is no layer graph. */
export function parseTopology(json: unknown, where: string): LayerJson {
  const parsed = layerSchema.safeParse(json);
  if (!parsed.success || !isModel(parsed.data as LayerJson)) {
    const found = parsed.success ? parsed.data.class_name : 'something else';
    throw new ModelError(`${where}: expected a Sequential or functional Keras model, found ${found}`);
  }
  const model = parsed.data as LayerJson;
  // Keras before 2.2 wrote the layers of a Sequential as its whole config.
  const config = Array.isArray(model.config) ? { name: 'sequential', layers: model.config as unknown[] } : model.config;
  if (!Array.isArray(config['layers'])) throw new ModelError(`${where}: the model has no list of layers`);
  return { ...model, config };
}

/** The layers of a model in its own order, models among them not opened. */
export const layersOf = (model: LayerJson): readonly LayerJson[] => model.config['layers'] as LayerJson[];

/** Every layer that is no model, those of inner models included, in order. */
export const allLayers = (model: LayerJson): LayerJson[] =>
  layersOf(model).flatMap((layer) => (isModel(layer) ? allLayers(layer) : [layer]));

/** Names of the layers that feed `layer` in `model`. */
export function feedersOf(model: LayerJson, layer: LayerJson): string[] {
  if (model.class_name === 'Sequential') {
    const layers = layersOf(model);
    const before = layers[layers.indexOf(layer) - 1];
    return before ? [nameOf(before)] : [];
  }
  const [node] = (layer.inbound_nodes ?? []) as [string, number, number][][];
  return (node ?? []).map(([name]) => name);
}

/** The layer whose output is the model's. @throws ModelError for several outputs. */
export function outputLayer(model: LayerJson, where: string): LayerJson {
  const layers = layersOf(model);
  if (model.class_name === 'Sequential') {
    const last = layers.at(-1);
    if (!last) throw new ModelError(`${where}: the model has no layers`);
    return last;
  }
  const outputs = model.config['output_layers'] as [string, number, number][];
  if (outputs.length !== 1) {
    throw new ModelError(`${where}: expected a model with one output, found ${outputs.length}`);
  }
  return layerNamed(model, outputs[0]![0], where);
}

export function layerNamed(model: LayerJson, name: string, where: string): LayerJson {
  const layer = layersOf(model).find((candidate) => nameOf(candidate) === name);
  if (!layer) throw new ModelError(`${where}: the layer graph names ${name}, which is not among its layers`);
  return layer;
}

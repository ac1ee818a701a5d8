/**
 * Brings a layer graph to the one dialect that TensorFlow.js's layers read. Keras 3 writes `batch_shape`, policies in place of types, and
 * inputs of a layer as serialised tensors. What has no meaning here is taken out: initialisers (the weights follow), which
 * TensorFlow.js would draw with Math.random; regularisers and constraints (the job has its own weight decay).
 */
import { isModel, layersOf, type LayerJson } from './topology.js';

const ZEROS = { class_name: 'Zeros', config: {} };

export const normalizeTopology = (model: LayerJson): LayerJson => {
  const { input_layers, output_layers } = model.config;
  const ends = {
    ...(input_layers !== undefined && { input_layers: references(input_layers) }),
    ...(output_layers !== undefined && { output_layers: references(output_layers) }),
  };
  const config = { name: model.config['name'], layers: layersOf(model).map(normalizeLayer), ...ends };
  return { class_name: model.class_name === 'Functional' ? 'Model' : model.class_name, config };
};

function normalizeLayer(layer: LayerJson): LayerJson {
  const inner = isModel(layer) ? normalizeTopology(layer) : null;
  const config = inner?.config ?? normalizeConfig(layer);
  const nodes = layer.inbound_nodes === undefined ? {} : { inbound_nodes: inboundNodes(layer.inbound_nodes) };
  const name = layer.name === undefined ? {} : { name: layer.name };
  return { class_name: inner?.class_name ?? layer.class_name, config, ...name, ...nodes };
}

function normalizeConfig({ class_name, config }: LayerJson): Record<string, unknown> {
  const known = Object.entries(config).map(([key, value]): [string, unknown] => {
    if (key.endsWith('_initializer')) return [key, ZEROS];
    if (key.endsWith('_regularizer') || key.endsWith('_constraint')) return [key, null];
    if (key === 'batch_shape') return ['batch_input_shape', value];
    if (key === 'dtype') return [key, typeName(value)];
    if (key === 'activation' && value === 'silu') return [key, 'swish'];
    if (key === 'negative_slope' && class_name === 'LeakyReLU') return ['alpha', value];
    if (key === 'axis' && Array.isArray(value) && value.length === 1) return [key, value[0]];
    return [key, value];
  });
  const passedOver = ['trainable', 'activity_regularizer', 'quantization_config', 'ragged', 'optional', 'autocast'];
  return Object.fromEntries(known.filter(([key, value]) => !passedOver.includes(key) && value !== undefined));
}

/** A mixed-precision policy computes in half precision here too, were it kept: weights are float32. */
const typeName = (dtype: unknown): string =>
  String(typeof dtype === 'object' ? 'float32' : dtype).replace(/^(?:mixed_)?b?float16$/, 'float32');

/** `["input", 0, 0]` -> `[["input", 0, 0]]` */
const references = (value: unknown): unknown =>
  Array.isArray(value) && typeof value[0] === 'string' ? [value] : value;

interface KerasTensor {
  readonly class_name: '__keras_tensor__';
  readonly config: { readonly keras_history: readonly [string, number, number] };
}
const isTensor = (value: unknown): value is KerasTensor =>
  typeof value === 'object' && value !== null && (value as KerasTensor).class_name === '__keras_tensor__';

/** Calls of a layer: Keras 3's `{ args, kwargs }` as Keras 2's lists of [layer, node, tensor, {}]. */
function inboundNodes(nodes: unknown): unknown {
  return (nodes as unknown[]).map((node) => {
    if (Array.isArray(node)) return node as unknown[];
    const { args } = node as { args: unknown[] };
    return args
      .flatMap((arg) => (Array.isArray(arg) ? (arg as unknown[]) : [arg]))
      .filter(isTensor)
      .map(({ config }) => [...config.keras_history, {}]);
  });
}
